import { render } from "preact";
import { bench } from "./bench";
import "./style/page.css";
import { restoreTheme } from "./theme";
import { App } from "./views/App";

restoreTheme();
const place = document.getElementById("app");
if (place !== null) render(<App />, place);
void bench.begin();
