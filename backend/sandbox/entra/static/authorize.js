// Narrows the list while one types; without scripts the search button does it.
const search = document.getElementById("search");
const found = document.getElementById("found");

function narrow() {
  if (!(search instanceof HTMLInputElement)) return;
  const wanted = search.value.trim().toLowerCase();
  let count = 0;
  for (const section of document.querySelectorAll("section")) {
    let shown = 0;
    for (const row of section.querySelectorAll("li")) {
      row.hidden = !(row.textContent ?? "").toLowerCase().includes(wanted);
      if (!row.hidden) shown += 1;
    }
    section.hidden = shown === 0;
    count += shown;
  }
  if (found) found.textContent = wanted ? `${count} found` : "";
}

if (search instanceof HTMLInputElement) {
  search.addEventListener("input", narrow);
  search.focus();
}
