// The admin site in the colours its reader chose; without a choice the style sheets follow the device.
const { theme } = document.currentScript.dataset;
if (theme) document.documentElement.dataset.theme = theme;
