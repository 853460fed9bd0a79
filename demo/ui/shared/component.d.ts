/** What Gradio gives a component that draws itself. */
export interface Component<Value = any, Props = any> {
  element: HTMLElement;
  props: Props & { value: Value };
  /** Make an event happen, which Python listens for. */
  trigger: (event: string, data?: Record<string, unknown>) => void;
  /** Run after each change of a prop. */
  watch: (name: string, run: () => void) => void;
}

/** A value of a component that answers something; answers have growing numbers. */
export interface Answer {
  serial: number;
}
