// The file input of #upload, which takes pictures and the files of dialogues.
import { one } from "./nodes.js";

export function upload() {
  return one("#upload input[type=file]");
}

/** Send a file as if it had been chosen. */
export function giveFile(file) {
  const carried = new DataTransfer();
  carried.items.add(file);
  upload().files = carried.files;
  upload().dispatchEvent(new Event("change", { bubbles: true }));
}
