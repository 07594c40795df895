// Filters, search, sorting and addresses of the flagged services. Without it the page is the same, in the order of the
// amounts.
(function () {
  "use strict";
  var byId = function (id) { return document.getElementById(id); };
  var words = byId("words"), answer = byId("answer"), table = byId("flagged");
  if (!words) return;
  var list = function (items, f) { return Array.prototype.map.call(items, f); };
  var text = function (element) { return element ? element.textContent.trim() : ""; };
  var grouped = function (n) { return String(n).replace(/\B(?=(\d{3})+$)/g, ","); };
  var LETTER = /[0-9a-z\u00c0-\uffff]/;
  // Claim numbers are compared by their letters and digits.
  var keyOf = function (claim) { return claim.toLowerCase().replace(/[^0-9a-z\u00c0-\uffff]/g, ""); };
  var quoted = function (value) { return "\u201c" + value + "\u201d"; };

  // Claims without a row in the table, by their letters and digits, each with its statuses. Made on the first search.
  var unlisted = null;
  var isComplete = byId("unlisted").dataset.complete === "yes";
  var claimsWithoutRow = function () {
    if (!unlisted) {
      unlisted = new Map();
      list(byId("unlisted").querySelectorAll("[data-status]"), function (part) {
        part.textContent.split("\n").forEach(function (line) {
          var claim = line.trim(), key = keyOf(claim);
          if (key) unlisted.set(key, (unlisted.get(key) || []).concat({ claim: claim, status: part.dataset.status }));
        });
      });
    }
    return unlisted;
  };
  var OF_STATUS = {
    clear: "clear.",
    "not-evaluated": "not evaluated: the policy's list was not applied.",
    deny: "deny, beyond the services that the table shows; services.csv has it.",
    review: "review, beyond the services that the table shows; services.csv has it."
  };
  // What the report knows of a claim number that was typed; nothing for words that are no number.
  var answered = function (typed, shown, isInTable) {
    var key = keyOf(typed);
    if (!/[0-9]/.test(key) || /\s/.test(typed)) return "";
    var found = claimsWithoutRow().get(key);
    if (found) {
      return found.map(function (one) { return quoted(one.claim) + " on this report: " + OF_STATUS[one.status]; }).join(" ");
    }
    if (shown) return "";
    if (isInTable) return quoted(typed) + " is on this report, but not among the services that the other filters leave.";
    var begin = 0, clear = 0;
    claimsWithoutRow().forEach(function (all, other) {
      if (other.indexOf(key) !== 0) return;
      begin += 1;
      clear += all.every(function (one) { return one.status === "clear"; }) ? 1 : 0;
    });
    if (begin) {
      return grouped(begin) + (begin === 1 ? " claim" : " claims") + " of this report without a row in the table " + (begin === 1 ? "begins" : "begin")
        + " with " + quoted(typed) + ", " + grouped(clear) + " of them clear. Type the whole number.";
    }
    if (!isComplete) return quoted(typed) + " is not among the claims that this page lists; services.csv has all of them.";
    return quoted(typed) + " is not in this report: no service has this claim number. Rows that the payer denied or took back are no services.";
  };

  if (!table) {
    words.addEventListener("input", function () { answer.textContent = answered(words.value.trim(), false, false); });
    byId("controls").hidden = false;
    return;
  }

  var count = byId("count"), none = byId("none");
  var statuses = list(document.querySelectorAll("[data-status][aria-pressed]"), function (b) { return b; });
  var selects = list(document.querySelectorAll("select[data-key]"), function (s) { return s; });
  var heads = list(table.tHead.rows[0].cells, function (h) { return h; });
  var AMOUNT = 1, RECOVERABLE = 2;
  var isMoney = function (column) { return column === AMOUNT || column === RECOVERABLE; };

  // Cents as an integer: sums are exact up to 90 trillion dollars.
  var cents = function (money) { return money ? Number(money.replace(/[^0-9-]/g, "")) : null; };
  var dollars = function (n) {
    var digits = String(Math.abs(n)).padStart(3, "0");
    return (n < 0 ? "-" : "") + "$" + grouped(digits.slice(0, -2)) + "." + digits.slice(-2);
  };

  var NO_NPI = "no NPI on the claim", NO_DATE = "no date", NOT_STATED = "not stated";
  var rows = list(table.tBodies, function (body) {
    var cells = body.rows[0].cells;
    return {
      body: body, cells: cells, status: body.className, shown: true, columns: null, found: null,
      claim: text(cells[3].querySelector("a")),
      details: body.querySelector("details"),
      is: {
        rule: list(body.querySelectorAll("summary b"), text),
        class: [text(cells[6])],
        setting: [text(cells[7])],
        month: [text(cells[4]).slice(0, 7) || NO_DATE],
        provider: [text(cells[10].querySelector(".npi")) || NO_NPI],
        adjudication: [body.dataset.adjudication || NOT_STATED],
        new: [body.dataset.new]
      }
    };
  });

  // The named columns that the search looks at. The first words of a column are found by the whole of it.
  var COLUMNS = {
    claim: function (row) { return [row.claim]; },
    code: function (row) { return [text(row.cells[5])]; },
    diagnosis: function (row) { return list(row.body.querySelectorAll("dl li b"), text); },
    "authorization number": function (row) { return [text(row.body.querySelector(".number"))]; },
    NPI: function (row) { return [text(row.cells[10].querySelector(".npi"))]; },
    provider: function (row) { return [text(row.cells[10].querySelector(".provider"))]; },
    "product class": function (row) { return row.is.class; },
    rule: function (row) { return list(row.body.querySelectorAll("summary span"), text); },
    finding: function (row) { return list(row.body.querySelectorAll(".message"), text); }
  };
  var NAMES = Object.keys(COLUMNS);
  var columnsOf = function (row) {
    if (!row.columns) {
      row.columns = NAMES.map(function (name) { return COLUMNS[name](row).join("\n").toLowerCase(); });
    }
    return row.columns;
  };
  var begins = function (column, word) {
    for (var at = column.indexOf(word); at >= 0; at = column.indexOf(word, at + 1)) {
      if (at === 0 || !LETTER.test(column[at - 1]) || !LETTER.test(word[0])) return true;
    }
    return false;
  };
  // The places of the columns in which a word of the row begins so.
  var placesOf = function (row, word) {
    var key = keyOf(word), places = [];
    columnsOf(row).forEach(function (column, place) {
      if (begins(column, word) || (place === 0 && key && keyOf(column).indexOf(key) === 0)) places.push(place);
    });
    return places;
  };

  // The options of the filters, with the number of rows of each.
  selects.forEach(function (select) {
    var key = select.dataset.key, counts = new Map(), names = new Map();
    if (key === "rule") return;
    rows.forEach(function (row) {
      row.is[key].forEach(function (value) { counts.set(value, (counts.get(value) || 0) + 1); });
      if (key === "provider" && !names.get(row.is[key][0])) names.set(row.is[key][0], text(row.cells[10].querySelector(".provider")));
    });
    Array.from(counts.keys()).sort().forEach(function (value) {
      var option = document.createElement("option");
      option.value = value;
      option.textContent = value + (names.get(value) ? " " + names.get(value) : "") + " (" + grouped(counts.get(value)) + ")";
      select.appendChild(option);
    });
  });
  var hasOption = function (select, value) {
    return Array.prototype.some.call(select.options, function (option) { return option.value === value; });
  };

  var pressed = function () {
    return statuses.filter(function (b) { return b.getAttribute("aria-pressed") === "true"; })[0].dataset.status;
  };
  var filter = function () {
    var wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean), status = pressed();
    var chosen = selects.filter(function (select) { return select.value; });
    var shown = 0, sum = 0, amounts = 0, isInTable = false, found = new Set(), key = keyOf(words.value);
    rows.forEach(function (row) {
      var places = [];
      row.shown = wanted.every(function (word) {
        var of = placesOf(row, word);
        places = places.concat(of);
        return of.length > 0;
      });
      if (row.shown && keyOf(row.claim) === key) isInTable = true;
      row.shown = row.shown && (!status || row.status === status)
        && chosen.every(function (select) { return row.is[select.dataset.key].indexOf(select.value) >= 0; });
      if (row.body.hidden === row.shown) row.body.hidden = !row.shown;
      if (row.shown) {
        shown += 1;
        places.forEach(function (place) { found.add(place); });
        var amount = cents(row.cells[AMOUNT].textContent);
        if (amount !== null) {
          sum += amount;
          amounts += 1;
        }
      }
    });
    // Print has no controls, so the heading names the filters, and the columns in which words were found.
    var searched = wanted.length ? quoted(wanted.join(" ")) : "";
    if (searched && shown) {
      searched += " in " + NAMES.filter(function (_, place) { return found.has(place); }).join(", ");
    }
    var filters = [status].concat(chosen.map(function (select) {
      return select.dataset.key === "new" ? (select.value === "yes" ? "new" : "known") : select.value;
    }), searched).filter(Boolean);
    none.hidden = shown > 0;
    count.textContent = grouped(shown) + " of " + grouped(rows.length) + " shown, " + (amounts ? dollars(sum) + " at risk" : "no amount at risk")
      + (filters.length ? " (only " + filters.join("; ") + ")" : "");
    answer.textContent = answered(words.value.trim(), shown > 0, isInTable);
  };

  // The address keeps filters, words and order, so that it can be kept and sent along with the file.
  var remember = function () {
    var state = new URLSearchParams();
    if (words.value.trim()) state.set("words", words.value.trim());
    if (pressed()) state.set("status", pressed());
    selects.forEach(function (select) { if (select.value) state.set(select.dataset.key, select.value); });
    heads.forEach(function (head, column) {
      var order = head.getAttribute("aria-sort");
      if (order && !(column === AMOUNT && order === "descending")) state.set("sort", column + (order === "ascending" ? "+" : "-"));
    });
    try {
      history.replaceState(null, "", "#" + state.toString());
    } catch (refused) {
      // A browser that keeps no address for a file shows the page all the same.
    }
  };
  var changed = function () { filter(); remember(); };
  var press = function (status) {
    statuses.forEach(function (other) { other.setAttribute("aria-pressed", String(other.dataset.status === status)); });
  };
  var clear = function () {
    words.value = "";
    selects.forEach(function (select) { select.value = ""; });
    press("");
  };

  var sort = function (column, ascending) {
    heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
    heads[column].setAttribute("aria-sort", ascending ? "ascending" : "descending");
    var keyed = rows.map(function (row, i) {
      var cell = row.cells[column].textContent;
      return { row: row, at: i, key: isMoney(column) ? cents(cell) : cell || null };
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
    // A browser leaves the buttons out where it repeats the head on the next page, so paper has the text beside them.
    var paper = document.createElement("span");
    paper.className = "paper";
    paper.textContent = head.textContent;
    head.textContent = "";
    head.appendChild(button);
    head.appendChild(paper);
    button.addEventListener("click", function () {
      var now = head.getAttribute("aria-sort");
      // Amounts are asked for from the top, everything else from the start of the alphabet.
      sort(column, now ? now === "descending" : !isMoney(column));
      remember();
    });
  });

  statuses.forEach(function (button) {
    var n = button.querySelector("span");
    if (n) n.textContent = grouped(n.textContent);
    button.addEventListener("click", function () { press(button.dataset.status); changed(); });
  });
  selects.forEach(function (select) { select.addEventListener("change", changed); });
  var waiting = 0;
  words.addEventListener("input", function () {
    clearTimeout(waiting);
    waiting = setTimeout(changed, 120);
  });
  byId("reset").addEventListener("click", function () { clear(); changed(); });

  // A click on a bar shows the services of its group. A group without a row in the table has no button.
  list(document.querySelectorAll("tr[data-filter]"), function (bar) {
    var select = byId(bar.dataset.filter), value = bar.dataset.value, label = bar.querySelector(".label");
    if (!select || !hasOption(select, value)) return;
    var button = document.createElement("button");
    button.type = "button";
    button.className = "label";
    button.textContent = label.textContent;
    button.title = "Show the flagged services of " + value;
    label.parentNode.replaceChild(button, label);
    bar.classList.add("pick");
    bar.addEventListener("click", function () {
      if (String(window.getSelection())) return;
      clear();
      select.value = value;
      changed();
      byId("services").focus();
      byId("services").scrollIntoView();
    });
  });

  var openAll = function (open) {
    rows.forEach(function (row) {
      if ((row.shown || !open) && row.details.open !== open) row.details.open = open;
    });
  };
  byId("open").addEventListener("click", function () { openAll(true); });
  byId("close").addEventListener("click", function () { openAll(false); });
  // On paper every shown service has its reasons; afterwards the rows are as they were.
  var closed = [];
  window.addEventListener("beforeprint", function () {
    closed = rows.filter(function (row) { return row.shown && !row.details.open; });
    closed.forEach(function (row) { row.details.open = true; });
  });
  window.addEventListener("afterprint", function () {
    closed.forEach(function (row) { row.details.open = false; });
    closed = [];
  });
  // The whole row opens to a click; the keyboard has the line of rules under it. Marking a text to copy is no click.
  table.addEventListener("click", function (event) {
    var row = event.target.closest("tbody > tr:not(.why)");
    if (!row || event.target.closest("a") || String(window.getSelection())) return;
    var details = row.parentNode.querySelector("details");
    details.open = !details.open;
  });
  table.classList.add("live");

  // An address names the filters, or a service or claim, which is then opened; a claim without a row is looked up.
  var follow = function () {
    var hash = location.hash.slice(1);
    if (hash.indexOf("=") > 0) {
      var state = new URLSearchParams(hash);
      clear();
      words.value = state.get("words") || "";
      selects.forEach(function (select) {
        var value = state.get(select.dataset.key) || "";
        if (hasOption(select, value)) select.value = value;
      });
      if (["deny", "review"].indexOf(state.get("status")) >= 0) press(state.get("status"));
      var order = /^(\d+)([+-])$/.exec(state.get("sort") || "");
      if (order && heads[order[1]]) sort(Number(order[1]), order[2] === "+");
      filter();
      return;
    }
    var body = hash && byId(hash) && byId(hash).closest("#flagged > tbody");
    if (body) {
      if (body.hidden) { clear(); filter(); }
      body.querySelector("details").open = true;
      body.scrollIntoView();
    } else if (hash.indexOf("claim-") === 0) {
      clear();
      words.value = hash.slice(6).replace(/_([0-9a-f]+)_/g, function (_, n) { return String.fromCodePoint(Math.min(parseInt(n, 16), 0x10ffff)); });
      filter();
      byId("services").scrollIntoView();
    }
  };
  window.addEventListener("hashchange", follow);

  byId("controls").hidden = false;
  filter();
  follow();
})();
