// The page on which a user of the service logs in to a server: with the token the service knows whose login it is.

const place = location.pathname.replace(/\/start$/, "");
const notice = document.getElementById("notice");
const button = document.querySelector("#token button");

document.getElementById("server").textContent = decodeURIComponent(place.split("/").pop());

async function begin() {
  const headers = { Authorization: `Bearer ${document.getElementById("token-text").value.trim()}` };
  const response = await fetch(`${place}/begin`, { method: "POST", headers });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.message ?? answer.error_description ?? `the service answered ${response.status}`);
  location.assign(answer.url);
}

document.getElementById("token").addEventListener("submit", (event) => {
  event.preventDefault();
  notice.hidden = true;
  button.disabled = true;
  begin().catch((error) => {
    notice.textContent = error.message;
    notice.hidden = false;
    button.disabled = false;
  });
});
