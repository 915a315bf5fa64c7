// The parts of Lit that the desk uses, as one module.
export { LitElement, css, html, nothing, svg } from "lit";
export { live } from "lit/directives/live.js";
export { repeat } from "lit/directives/repeat.js";
export { keyed } from "lit/directives/keyed.js";
