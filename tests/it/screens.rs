//! Tests that the pages are whole on any screen and on paper: nothing is cut, no word of ours is broken, and a print begins with a
//! summary of one page.
#![cfg(unix)]

use std::fmt::Write as _;
use std::fs;

use serde_json::json;

use crate::browser::Report;
use crate::chromium::Browser;
use crate::cli::binary;

#[test]
fn the_pages_of_trends_and_comparisons_fit_any_screen() {
    let Some(mut tab) = Browser::start() else { return };
    let [old, new] = [Report::small(&[]), Report::quarter()];
    let dir = tempfile::tempdir().expect("a directory");
    let [old, new] = [old, new].map(|report| (report.file("report"), report));
    for (command, name, wanted) in [
        (
            "trend",
            "trend.html",
            "document.querySelectorAll('#h-months, #h-rules, #h-providers, #h-reports').length === 4",
        ),
        ("compare", "comparison.html", "document.querySelectorAll('.changes tbody tr').length > 20"),
    ] {
        let page = dir.path().join(name);
        let output = binary().arg(command).args([&old.0, &new.0]).arg("--html").arg(&page).output().expect("it runs");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{command}: {output:?}");
        tab.open(&page);
        assert_eq!(tab.see(wanted), true, "{command}");
        for width in [320, 390, 768, 1280] {
            tab.resize(width);
            let wide = tab.see("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert!(wide.as_i64() <= Some(0), "{command}: {wide} pixels too wide at {width}");
        }
    }
    assert_eq!(tab.complaints, [] as [&str; 0]);
}

/// An extract with the longest of our words and amounts of more than a billion.
fn large_amounts() -> String {
    let mut extract =
        "claim_id,member_id,product,billing_npi,service_date,procedure_code,diagnosis_1,authorization_number,paid_amount\n"
            .to_owned();
    for n in 0..30 {
        let (product, diagnosis) = [("PPO", "M54.5"), ("HMO", ""), ("Unheard of", "M54.5")][n % 3];
        writeln!(extract, "C{n},M{n},{product},1900000001,2024-03-05,22514,{diagnosis},,98765432.10")
            .expect("memory takes it");
    }
    extract
}

#[test]
fn no_amount_and_no_word_of_ours_is_cut_on_any_wide_screen() {
    let Some(mut tab) = Browser::start() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("claims.csv");
    fs::write(&path, large_amounts()).expect("room for it");
    let report = Report::of(&[path.to_str().expect("a path of ours")]);
    tab.open(&report.page());
    // A word that is broken has more than one box.
    let broken =
        "Array.from(document.querySelectorAll('#flagged > tbody td:nth-child(n+7):nth-child(-n+10)'), cell => {
        const text = cell.firstChild, words = [];
        for (const word of text ? text.data.matchAll(/[a-z]+/g) : []) {
            const range = document.createRange();
            range.setStart(text, word.index); range.setEnd(text, word.index + word[0].length);
            if (range.getClientRects().length > 1) words.push(word[0]);
        }
        return words.join();
    }).filter(Boolean).join()";
    let cut = "Array.from(document.querySelectorAll('.figures b')).filter(b => {
        const box = b.parentNode.getBoundingClientRect(), range = document.createRange();
        range.selectNodeContents(b);
        return range.getBoundingClientRect().right > box.right;
    }).map(b => b.textContent).join()";
    assert!(tab.see("document.querySelector('.total b').textContent").as_str().is_some_and(|sum| sum.len() >= 17));
    for width in [880, 1000, 1100, 1200, 1280, 1600] {
        tab.resize(width);
        let missing =
            tab.see("[...document.querySelectorAll('#flagged td')].every(c => c.textContent !== 'undetermined')");
        assert_eq!((tab.see(broken), tab.see(cut), missing), (json!(""), json!(""), json!(false)), "{width}");
    }
    // What an address names is below the head of the table, which stays at the top.
    tab.see("location.hash = 'claim-C10'");
    tab.until("scrollY > 500");
    let gap = "document.getElementById('claim-C10').getBoundingClientRect().top
        - document.querySelector('#flagged > thead').getBoundingClientRect().bottom";
    let (gap, top) = (tab.see(gap), tab.see("document.querySelector('#flagged > thead').getBoundingClientRect().top"));
    assert!(top == 0 && gap.as_f64().is_some_and(|gap| (0.0..200.0).contains(&gap)), "{top} {gap}");
}

#[test]
fn the_first_page_of_a_print_is_a_summary() {
    let Some(mut tab) = Browser::start() else { return };
    let report = Report::of(&[
        "fixtures/extracts/kyphoplasty-2024q1.csv",
        "--auths",
        "fixtures/extracts/authorizations-2024q1.csv",
    ]);
    tab.open(&report.page());
    // More warnings than any run has had, each of two lines.
    tab.see(
        "document.querySelector('header').insertAdjacentHTML('beforeend', '<div class=\"warnings\"><p>Warnings</p><ul>' +
         ('<li>' + 'an extract of a warehouse with a long name '.repeat(6) + '</li>').repeat(9) + '</ul></div>')",
    );
    tab.ask("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    // The paper of the two usual sizes across, less margins of 12 mm, at 96 pixels an inch.
    for (name, width, height) in [("A4", 1031, 702), ("letter", 965, 725)] {
        tab.resize(width);
        let end = tab.see("document.querySelector('.brief').getBoundingClientRect().bottom + scrollY");
        assert!(end.as_f64().is_some_and(|end| end > 300.0 && end < f64::from(height)), "{name}: {end}");
        assert_eq!(tab.see("getComputedStyle(document.querySelector('.brief')).breakAfter"), "page");
    }
    // The reasons are beside the facts, so that a page has several services.
    assert_eq!(tab.see("getComputedStyle(document.querySelector('.why .body')).display"), "grid");
    assert_eq!(tab.see("getComputedStyle(document.querySelector('#flagged > thead')).display"), "table-header-group");
    assert_eq!(tab.complaints, [] as [&str; 0]);
}
