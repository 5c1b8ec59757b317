// Sends the answer of the sign-in on; without scripts the button does it.
const form = document.getElementById("answer");
if (form instanceof HTMLFormElement) form.submit();
