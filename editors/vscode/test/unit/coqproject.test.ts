import assert from "node:assert/strict";
import { test } from "node:test";
import { logicalName, rootsOf } from "../../src/core/coqproject";

const ROOTS = rootsOf(`# -Q nothing Nothing
-R theories/ "Lists" -arg -w
-Q ./theories/deep/.. Lists.Again  # a comment
-Q theories/other
  Other.Deep
-Q . ""
A.v
-Q alone`);

test("roots are read", () => {
  assert.deepEqual(ROOTS, [
    { folder: "theories", name: "Lists" },
    { folder: "theories", name: "Lists.Again" },
    { folder: "theories/other", name: "Other.Deep" },
    { folder: "", name: "" },
  ]);
});

for (const [file, name] of [
  ["theories/Extra.v", "Lists.Again.Extra"],
  ["theories/sub/Extra.v", "Lists.Again.sub.Extra"],
  ["theories/other/Extra.v", "Other.Deep.Extra"],
  ["Top.v", "Top"],
  ["theories/not-a-name.v", ""],
  ["theories/notes.txt", ""],
] as const) {
  test(`the name of ${file}`, () => {
    assert.equal(logicalName(file, ROOTS), name);
  });
}

test("a file that no root covers has its own name", () => {
  assert.equal(logicalName("src/Extra.v", []), "Extra");
  assert.equal(logicalName("src/Extra.v", rootsOf("-Q theories T")), "Extra");
});
