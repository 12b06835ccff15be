// One run's artifact in H5Web; the page's address says which, its server reads the file.
import "@h5web/app/styles.css";
import "./page.css";
import { App, H5GroveProvider } from "@h5web/app";
import { createRoot } from "react-dom/client";

const place = document.getElementById("h5web");
const url = location.origin + location.pathname;

createRoot(place).render(
  <H5GroveProvider url={url} filepath={place.dataset.file}>
    <App />
  </H5GroveProvider>,
);
