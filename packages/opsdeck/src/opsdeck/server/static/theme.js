// Runs before the first paint: the theme that the reader chose, and the class that says scripts run.
document.documentElement.classList.add("js");
try {
  const chosen = localStorage.getItem("opsdeck-theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch { /* storage refused: follow the system */ }
