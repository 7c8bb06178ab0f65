/**
 * What is wrong with how a page looks and works, for eyes, thumbs and those who use neither: an expression, a function
 * that gives a list of sentences. WCAG 2.2: 1.4.3 contrast, 2.5.5 target size, 1.4.10 reflow, 2.3.3 motion.
 */
() => {
  const found = [];
  const TEXT = 4.5;
  const EDGE = 3; // 1.4.11: what shows where a control is
  const THUMB = 44; // pixels

  /** RGBA, each 0 to 1 for alpha and 0 to 255 else. */
  const parts = (color) => {
    const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
    return [red, green, blue, alpha];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((one, at) => one * a + below[at] * (1 - a));
  const luminance = (color) => {
    const [r, g, b] = color.map((one) => {
      const part = one / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const behind = (element) => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const chain = [];
    for (let at = element; at !== null; at = at.parentElement) {
      chain.unshift(parts(getComputedStyle(at).backgroundColor));
    }
    return chain.reduce((below, color) => over(color, below), dark ? [18, 18, 18] : [255, 255, 255]);
  };
  const isSeen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const name = (element) => `${element.localName} ${JSON.stringify(element.textContent.trim().slice(0, 40))}`;

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let looked = 0;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (texts.currentNode.textContent.trim() === "" || !isSeen(element) || element.closest("noscript, script")) {
      continue;
    }
    looked++;
    const ground = behind(element);
    const style = getComputedStyle(element);
    const ratio = contrast(over(parts(style.color), ground), ground);
    if (ratio < TEXT) {
      found.push(`${name(element)}: contrast ${ratio.toFixed(2)}`);
    }
    if (Number.parseFloat(style.fontSize) < 16) {
      found.push(`${name(element)}: letters of ${style.fontSize}`);
    }
  }
  const controls = [...document.querySelectorAll("a, button, input, select, summary, textarea")].filter(isSeen);
  for (const control of controls) {
    const { width, height } = control.getBoundingClientRect();
    if (width < THUMB || height < THUMB) {
      found.push(`${name(control)}: ${width} by ${height} pixels`);
    }
    const style = getComputedStyle(control);
    const edge = over(parts(style.borderTopColor), behind(control.parentElement));
    if (control.localName !== "summary" && contrast(edge, behind(control.parentElement)) < EDGE) {
      found.push(`${name(control)}: its edge is hard to see`);
    }
    if (control.tabIndex < 0) {
      found.push(`${name(control)}: no keyboard gets there`);
    }
  }
  // What lies over its neighbour hides it: an inline box does that with its padding.
  for (const one of [...document.querySelectorAll("main *, body > *")].filter(isSeen)) {
    const next = one.nextElementSibling;
    if (next !== null && isSeen(next)) {
      const [above, below] = [one.getBoundingClientRect(), next.getBoundingClientRect()];
      if (above.height > 0 && below.height > 0 && above.bottom > below.top + 1 && above.right > below.left + 1) {
        found.push(`${name(next)}: lies over what is above`);
      }
    }
  }
  if (document.documentElement.scrollWidth > innerWidth) {
    found.push(`${document.documentElement.scrollWidth} pixels wide in a window of ${innerWidth}`);
  }
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    const moves = (style) => [style.transitionDuration, style.animationDuration].some((one) => /[1-9]/.test(one));
    const moving = [...document.querySelectorAll("*")].filter((one) => moves(getComputedStyle(one)));
    found.push(...moving.map((one) => `${name(one)}: moves`));
  }
  if (document.querySelectorAll("h1").length !== 1 || document.title === "" || document.documentElement.lang === "") {
    found.push("the page has no heading, title or language");
  }
  return { found, looked, controls: controls.length };
};
