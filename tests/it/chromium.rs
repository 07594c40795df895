//! A tab of the installed Chromium, for the tests of the page.
//!
//! It is controlled through the pipe of its developer tools: JSON messages, each ended by a NUL, on the descriptors 3 and
//! 4. Where Chromium is not installed, the tests pass with a note on stderr. With `CLAIMLINT_BROWSER=required`, as in CI,
//! they fail.
#![cfg(unix)]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longest wait for an answer, far more than a busy machine needs.
const PATIENCE: Duration = Duration::from_mins(1);

/// The installed Chromium, by its usual names.
fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
}

/// One tab of a headless Chromium with its own profile.
pub(crate) struct Browser {
    chromium: Child,
    to: File,
    from: Receiver<Value>,
    sent: u64,
    session: Value,
    /// Errors and warnings of the browser.
    pub(crate) complaints: Vec<String>,
    /// Fields are dropped after `drop` has ended the browser, so the profile is removed last.
    _home: TempDir,
}

impl Browser {
    /// `None` when Chromium is not installed and not required.
    pub(crate) fn start() -> Option<Self> {
        static SAID: Once = Once::new();
        let Some(program) = installed() else {
            assert!(
                std::env::var_os("CLAIMLINT_BROWSER").is_none(),
                "CLAIMLINT_BROWSER is set, and no Chromium is installed"
            );
            SAID.call_once(|| {
                let _ =
                    writeln!(std::io::stderr(), "no Chromium installed: report.html was not looked at in a browser");
            });
            return None;
        };
        let home = tempfile::tempdir().expect("a directory");
        let pipe = |name: &str| {
            let path = home.path().join(name);
            assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo is there").success());
            path
        };
        let (input, output) = (pipe("in"), pipe("out"));
        let chromium = Command::new("sh")
            .args(["-c", "i=$1 o=$2; shift 2; exec \"$@\" 3<\"$i\" 4>\"$o\"", "sh"])
            .args([&input, &output, &program])
            // CI runs as root, which the sandbox refuses. The other options prevent network requests such as updates.
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", home.path().join("profile").display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        // Open the pipe for reading and writing, so that the call does not block until Chromium opens its end.
        let to = File::options().read(true).write(true).open(&input).expect("a pipe");
        let (heard, from) = channel();
        std::thread::spawn(move || {
            let messages = BufReader::new(File::open(output).expect("a pipe")).split(0);
            for message in messages.map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("the browser speaks JSON");
                if heard.send(message).is_err() {
                    break;
                }
            }
        });
        let mut browser =
            Self { chromium, to, from, sent: 0, session: Value::Null, complaints: Vec::new(), _home: home };
        let target = browser.ask("Target.createTarget", &json!({"url": "about:blank"}))["targetId"].take();
        let attached = browser.ask("Target.attachToTarget", &json!({"targetId": target, "flatten": true}));
        browser.session = attached["sessionId"].clone();
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.ask(domain, &json!({}));
        }
        browser.ask("Emulation.setFocusEmulationEnabled", &json!({"enabled": true}));
        browser.resize(1280);
        Some(browser)
    }

    /// Sends a command and waits for its answer.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": params});
        if self.session.is_string() {
            message["sessionId"] = self.session.clone();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("the browser listens");
        let id = self.sent;
        let mut answer = self.hear(method, |message| message["id"] == id);
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].take()
    }

    /// Waits for the message, and records the errors that arrive before it.
    fn hear(&mut self, wanted: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.from.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("{wanted}: {e}"));
            let complained = ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"];
            if complained.iter().any(|method| message["method"] == *method) {
                self.complaints.push(message["params"].to_string());
            }
            if is_it(&message) {
                return message;
            }
        }
    }

    pub(crate) fn open(&mut self, page: &Path) {
        self.go(&format!("file://{}", page.display()));
    }

    /// Opens an address and waits until it is loaded.
    pub(crate) fn go(&mut self, address: &str) {
        self.ask("Page.navigate", &json!({"url": address}));
        self.hear("load", |message| message["method"] == "Page.loadEventFired");
    }

    /// The value of a promise in the page, once it has one.
    pub(crate) fn see_later(&mut self, promise: &str) -> Value {
        let params = json!({"expression": promise, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.ask("Runtime.evaluate", &params);
        assert!(answer["exceptionDetails"].is_null(), "{promise}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].take()
    }

    /// The value of an expression in the page.
    pub(crate) fn see(&mut self, expression: &str) -> Value {
        let mut answer = self.ask("Runtime.evaluate", &json!({"expression": expression, "returnByValue": true}));
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].take()
    }

    /// The texts of an expression that is a list of elements.
    pub(crate) fn texts(&mut self, elements: &str) -> Vec<String> {
        let seen = self.see(&format!("Array.from({elements}, e => e.textContent.trim())"));
        serde_json::from_value(seen).expect("a list of texts")
    }

    /// Clicks in the middle of an element.
    pub(crate) fn click(&mut self, element: &str) {
        let at = self.see(&format!(
            "(() => {{ const e = {element}; e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect();
             return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let params = json!({"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1});
            self.ask("Input.dispatchMouseEvent", &params);
        }
    }

    pub(crate) fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            _ => panic!("no such key: {key}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let params = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
            self.ask("Input.dispatchKeyEvent", &params);
        }
    }

    /// Presses Tab until an expression about `document.activeElement` as `e` holds.
    pub(crate) fn tab_to(&mut self, what: &str) {
        for _ in 0..160 {
            self.press("Tab");
            if self.see(&format!("(e => {what})(document.activeElement)")) == json!(true) {
                return;
            }
        }
        panic!("Tab does not come to {what}");
    }

    /// Waits until an expression holds.
    pub(crate) fn until(&mut self, what: &str) {
        let start = Instant::now();
        while self.see(what) != json!(true) {
            assert!(start.elapsed() < PATIENCE, "never: {what}; {}", self.count());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn resize(&mut self, width: u32) {
        let params = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", &params);
    }

    /// The sentence that a screen reader speaks after each filter.
    pub(crate) fn count(&mut self) -> String {
        self.texts("[document.getElementById('count')]").remove(0)
    }

    /// Claims of the rows that are shown, in their order.
    pub(crate) fn claims(&mut self) -> Vec<String> {
        self.texts("document.querySelectorAll('#flagged > tbody:not([hidden]) th')")
            .iter()
            .map(|text| text.split_whitespace().next().unwrap_or_default().to_owned())
            .collect()
    }

    /// The texts of a column of the rows that are shown.
    pub(crate) fn column(&mut self, nth: usize) -> Vec<String> {
        self.texts(&format!(
            "document.querySelectorAll('#flagged > tbody:not([hidden]) > :first-child > :nth-child({nth})')"
        ))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Close it before killing it: killed at once, it leaves helper processes that still write into the profile.
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(5) && !matches!(self.chromium.try_wait(), Ok(Some(_))) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.chromium.kill();
        let _ = self.chromium.wait();
    }
}
