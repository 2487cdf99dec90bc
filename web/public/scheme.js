// Sets the colour scheme before the first paint, so that a light page never flashes dark. Kept apart from the bundle
// because a content security policy without inline scripts is worth more than one request.
(function () {
  var scheme = 'dark';
  try {
    scheme = localStorage.getItem('turtus.scheme') || 'dark';
  } catch (e) {
    /* storage is refused: dark it is */
  }
  if (scheme === 'auto') scheme = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme);
})();
