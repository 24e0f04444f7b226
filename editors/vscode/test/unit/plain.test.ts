import assert from "node:assert/strict";
import { test } from "node:test";
import { plain } from "../../src/core/plain";

// How the editor finds links in a notice.
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)\3)?\)/i;

test("nothing in a message can be clicked", () => {
  for (const message of [
    "no proof was found: [see here](command:workbench.action.quit)",
    "[a](command:b)[c](https://example.org)",
    "[[a]](command:b) [](command:b) [x]](file:///etc)",
  ]) {
    assert.doesNotMatch(plain(message), LINK, message);
  }
  assert.match("[a](command:b)", LINK);
});

test("what is no link stays as it is", () => {
  for (const message of ['t: The term "x" has type [nat] (a list).', "In [] and l[0].", ""]) {
    assert.equal(plain(message), message);
  }
});
