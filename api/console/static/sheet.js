// The printed sheet has one button.
"use strict";
document.getElementById("print").addEventListener("click", () => window.print());
