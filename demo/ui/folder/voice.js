// The folder may be on the page before the canvas, which has the voice.
import { say, tell } from "../canvas/voice.js";
import { onChange, state } from "./state.js";

onChange(["told"], () => tell(state.told.text));
onChange(["said"], () => say(state.said.text));
