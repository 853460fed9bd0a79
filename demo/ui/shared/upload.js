// The file input of #upload, which takes pictures and the files of dialogues.
import { one } from "./nodes.js";

export function upload() {
  return one("#upload input[type=file]");
}

/** Send files as if they had been chosen. @param {File[]} files */
export function giveFiles(files) {
  const carried = new DataTransfer();
  for (const file of files) carried.items.add(file);
  upload().files = carried.files;
  upload().dispatchEvent(new Event("change", { bubbles: true }));
}
