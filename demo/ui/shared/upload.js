// The file input of #upload, which takes pictures and the files of dialogues.
import { one } from "./nodes.js";

export function upload() {
  return one("#upload input[type=file]");
}

/** Files as an input has them. @param {File[]} files */
export function listOf(files) {
  const carried = new DataTransfer();
  for (const file of files) carried.items.add(file);
  return carried.files;
}

/** Send files as if they had been chosen. @param {File[]} files */
export function giveFiles(files) {
  upload().files = listOf(files);
  upload().dispatchEvent(new Event("change", { bubbles: true }));
}
