// Before anything is painted: the look that was chosen here, so that nothing flashes. A classic script on purpose.
try {
  const chosen = localStorage.getItem('calotype.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage the look follows the system.
}
