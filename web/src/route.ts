/** What is shown, as the part of the address after `#`. */

export type Route =
  | { page: "prove"; project: string; file: string; theorem: string; index: number | null }
  | { page: "paste" }
  | { page: "attempt"; id: string }
  | { page: "experiments" };

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const [page, ...rest] = path.split("/");
  if (page === "attempt" && rest[0]) return { page, id: decoded(rest[0]) };
  if (page === "paste" || page === "experiments") return { page };
  const given = new URLSearchParams(query);
  const index = given.get("index");
  return {
    page: "prove",
    project: given.get("project") ?? "",
    file: given.get("file") ?? "",
    theorem: given.get("theorem") ?? "",
    index: index !== null && /^\d{1,9}$/.test(index) ? Number(index) : null,
  };
}

export function format(route: Route): string {
  switch (route.page) {
    case "attempt":
      return `#/attempt/${encodeURIComponent(route.id)}`;
    case "paste":
    case "experiments":
      return `#/${route.page}`;
    case "prove": {
      const given = new URLSearchParams();
      if (route.project) given.set("project", route.project);
      if (route.file) given.set("file", route.file);
      if (route.theorem) given.set("theorem", route.theorem);
      if (route.index !== null) given.set("index", String(route.index));
      const query = given.toString();
      return query === "" ? "#/prove" : `#/prove?${query}`;
    }
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
