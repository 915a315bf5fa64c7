"use strict";
(() => {
  const words = JSON.parse(document.getElementById("words").textContent);
  const parts = Object.fromEntries(
    ["form", "camera", "file", "sending", "progress", "error", "again", "sent"].map((id) => [id, document.getElementById(id)]),
  );
  let chosen = null; // the file that the customer chose
  let upload = null; // leave to upload: the link is used up, and the same leave holds until its end

  const show = (part, is_shown) => { parts[part].hidden = !is_shown; };

  const fail = (word, may_retry) => {
    parts.error.textContent = words[word] ?? words.failed;
    show("error", true);
    show("sending", false);
    show("again", may_retry);
    show("form", !may_retry && word !== "link_over");
  };

  // Some browsers know no type for a picture of an iPhone.
  const typeOf = (file) => {
    if (file.type) return file.type;
    const ending = file.name.toLowerCase().split(".").pop();
    return { heic: "image/heic", heif: "image/heic", webp: "image/webp", pdf: "application/pdf" }[ending] ?? "";
  };

  const openUpload = async (file) => {
    const answer = await fetch(location.pathname, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
      body: JSON.stringify({ content_type: typeOf(file), size: file.size }),
      referrerPolicy: "no-referrer",
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.code);
    return told.upload;
  };

  const send = () =>
    new Promise((resolve, reject) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(upload.fields)) form.append(name, value);
      form.append("file", chosen);
      const request = new XMLHttpRequest();
      request.upload.onprogress = (event) => {
        if (event.lengthComputable) parts.progress.value = Math.round((100 * event.loaded) / event.total);
      };
      request.onload = () => (request.status < 300 ? resolve() : reject(new Error(request.status === 403 ? "link_over" : "failed")));
      request.onerror = () => reject(new Error("network"));
      request.open("POST", upload.url);
      request.send(form);
    });

  const work = async () => {
    for (const part of ["error", "again", "form"]) show(part, false);
    parts.progress.value = 0;
    show("sending", true);
    try {
      upload = upload ?? (await openUpload(chosen));
    } catch (error) {
      // A request that got no answer may have used the link up; the next try tells.
      fail(error instanceof TypeError ? "network" : error.message, error instanceof TypeError);
      return;
    }
    try {
      await send();
    } catch (error) {
      fail(error.message, error.message !== "link_over");
      return;
    }
    show("sending", false);
    show("sent", true);
  };

  const choose = (event) => {
    const [file] = event.target.files;
    if (!file) return;
    event.target.value = "";
    if (!words.types.includes(typeOf(file))) return fail("evidence_type", false);
    if (file.size === 0 || file.size > words.bytes_max) return fail("evidence_too_large", false);
    chosen = file;
    work();
  };

  parts.camera.addEventListener("change", choose);
  parts.file.addEventListener("change", choose);
  parts.again.addEventListener("click", work);
  show("form", true);
})();
