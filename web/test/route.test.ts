import { describe, expect, it } from "vitest";
import { format, parse } from "../src/route";

describe("addresses", () => {
  it.each([
    "#/prove",
    "#/paste",
    "#/experiments",
    "#/attempt/0123abcd",
    "#/prove?project=a+b&file=A%2FB.v&theorem=t%27%C3%A9&index=3",
  ])("%s is what it stands for", (hash) => {
    expect(format(parse(hash))).toBe(hash);
  });

  it.each(["", "#", "#/", "#/nothing", "#/attempt/", "#x?y#z"])("%j is the beginning", (hash) => {
    expect(format(parse(hash))).toBe("#/prove");
  });

  it.each(["-1", "x", "1e3", "99999999999"])("an index of %j is none", (index) => {
    expect(parse(`#/prove?theorem=a&index=${index}`)).toMatchObject({ theorem: "a", index: null });
  });

  it("takes an id that is no good code as it is", () => {
    expect(parse("#/attempt/%E0%A4%A")).toEqual({ page: "attempt", id: "%E0%A4%A" });
  });
});
