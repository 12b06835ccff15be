"""H5Web: any run's artifact in a browser's tab, served from this host alone.

`main.jsx` is bundled into `dist/` (`npm install --no-package-lock && npm run build`, here); what is
in the bundle, at which version and under which licence, `dist/LICENSES.txt` says.
"""
