/** Swagger UI over the API definition of this server; SwaggerUIBundle comes from the classic script before this one. */

const place = document.getElementById("swagger");
const dark = matchMedia("(prefers-color-scheme: dark)");

function follow() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

/** Calls go to where this page came from, also where the definition names another public address. */
async function definition() {
  const response = await fetch(place.dataset.definition);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  const server = new URL(place.dataset.server, location.href).href.replace(/\/$/, "");
  return { ...(await response.json()), servers: [{ url: server }] };
}

async function start() {
  try {
    SwaggerUIBundle({ domNode: place, spec: await definition(), validatorUrl: null, defaultModelsExpandDepth: 0 });
  } catch (error) {
    place.textContent = `The API definition could not be loaded: ${error.message}`;
  }
}

follow();
dark.addEventListener("change", follow);
start();
