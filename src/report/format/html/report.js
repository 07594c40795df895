// Filtering and sorting of the flagged services. Without it the page is the same, in the order of the amounts.
(function () {
  "use strict";
  var table = document.getElementById("flagged");
  if (!table) return;
  var byId = function (id) { return document.getElementById(id); };
  var words = byId("words"), rule = byId("rule"), count = byId("count"), none = byId("none");
  var statuses = Array.prototype.slice.call(document.querySelectorAll("[data-status]"));
  var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
  var AMOUNT = 1, RECOVERABLE = 2;
  var isMoney = function (column) { return column === AMOUNT || column === RECOVERABLE; };
  var grouped = function (n) { return String(n).replace(/\B(?=(\d{3})+$)/g, ","); };

  // Cents as an integer: sums are exact up to 90 trillion dollars.
  var cents = function (text) {
    return text ? Number(text.replace(/[^0-9-]/g, "")) : null;
  };
  var dollars = function (n) {
    var digits = String(Math.abs(n)).padStart(3, "0");
    return (n < 0 ? "-" : "") + "$" + grouped(digits.slice(0, -2)) + "." + digits.slice(-2);
  };

  // The search covers the closed row, its messages and its diagnoses, but not the texts that all rows share.
  var rows = Array.prototype.map.call(table.tBodies, function (body) {
    return { body: body, cells: body.rows[0].cells, status: body.className, shown: true, text: null, rules: null };
  });
  var rulesOf = function (row) {
    if (!row.rules) {
      row.rules = Array.prototype.map.call(row.body.querySelectorAll("summary b"), function (b) { return b.textContent; });
    }
    return row.rules;
  };
  var textOf = function (row) {
    if (row.text === null) {
      var parts = [row.body.rows[0].textContent.replace(/\s+/g, " ")];
      row.body.querySelectorAll("summary, .message, dl li b").forEach(function (part) { parts.push(part.textContent); });
      parts = parts.concat(Array.prototype.map.call(row.cells, function (cell) { return cell.textContent; }));
      row.text = parts.join("\n").toLowerCase();
    }
    return row.text;
  };

  var filter = function () {
    var wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    var status = statuses.filter(function (b) { return b.getAttribute("aria-pressed") === "true"; })[0].dataset.status;
    // Print has no controls, so the heading names the filters.
    var filters = [status, rule.value, wanted.length ? "\u201c" + wanted.join(" ") + "\u201d" : ""].filter(Boolean);
    var shown = 0, sum = 0, amounts = 0;
    rows.forEach(function (row) {
      row.shown = (!status || row.status === status)
        && (!rule.value || rulesOf(row).indexOf(rule.value) >= 0)
        && wanted.every(function (word) { return textOf(row).indexOf(word) >= 0; });
      if (row.body.hidden === row.shown) row.body.hidden = !row.shown;
      if (row.shown) {
        shown += 1;
        var amount = cents(row.cells[AMOUNT].textContent);
        if (amount !== null) {
          sum += amount;
          amounts += 1;
        }
      }
    });
    none.hidden = shown > 0;
    count.textContent = grouped(shown) + " of " + grouped(rows.length) + " shown, " + (amounts ? dollars(sum) + " at risk" : "no amount at risk")
      + (filters.length ? " (only " + filters.join(", ") + ")" : "");
  };

  var sort = function (column, ascending) {
    var keyed = rows.map(function (row, i) {
      var text = row.cells[column].textContent;
      return { row: row, at: i, key: isMoney(column) ? cents(text) : text || null };
    });
    keyed.sort(function (a, b) {
      // Empty cells stay last in both directions; equal ones keep their order.
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.at - b.at;
      if (a.key === b.key) return a.at - b.at;
      return (a.key < b.key ? -1 : 1) * (ascending ? 1 : -1);
    });
    rows = keyed.map(function (k) { return k.row; });
    var all = document.createDocumentFragment();
    rows.forEach(function (row) { all.appendChild(row.body); });
    table.appendChild(all);
  };

  heads.forEach(function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.appendChild(button);
    button.addEventListener("click", function () {
      var now = head.getAttribute("aria-sort");
      // Amounts are asked for from the top, everything else from the start of the alphabet.
      var ascending = now ? now === "descending" : !isMoney(column);
      heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sort(column, ascending);
    });
  });

  var press = function (button) {
    statuses.forEach(function (other) { other.setAttribute("aria-pressed", String(other === button)); });
    filter();
  };
  statuses.forEach(function (button) { button.addEventListener("click", function () { press(button); }); });
  rule.addEventListener("change", filter);
  var waiting = 0;
  words.addEventListener("input", function () {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  byId("reset").addEventListener("click", function () {
    words.value = "";
    rule.value = "";
    press(statuses[0]);
  });

  var openAll = function (open) {
    rows.forEach(function (row) {
      if (row.shown || !open) row.body.querySelector("details").open = open;
    });
  };
  byId("open").addEventListener("click", function () { openAll(true); });
  byId("close").addEventListener("click", function () { openAll(false); });
  // The whole row opens to a click; the keyboard has the line of rules under it. Marking a text to copy is no click.
  table.addEventListener("click", function (event) {
    var row = event.target.closest("tbody > tr:not(.why)");
    if (!row || String(window.getSelection())) return;
    var details = row.parentNode.querySelector("details");
    details.open = !details.open;
  });
  table.classList.add("live");
  statuses.forEach(function (button) {
    var n = button.querySelector("span");
    if (n) n.textContent = grouped(n.textContent);
  });

  byId("controls").hidden = false;
  filter();
})();
