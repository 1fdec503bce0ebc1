// Sets theme and language before the first picture, so that nothing flashes. Plain script: it runs before the bundle.
(function () {
  var root = document.documentElement;
  try {
    var theme = localStorage.getItem('theme');
    if (theme === 'light' || theme === 'dark' || theme === 'sun') root.dataset.theme = theme;
    var language = localStorage.getItem('language') || (navigator.language || 'en').slice(0, 2);
    root.lang = language === 'de' ? 'de' : 'en';
  } catch (e) {
    root.lang = 'en'; // storage may be forbidden; the defaults do
  }
})();
