//! Tests the order of files inside a room. A `mod.rs` whose doc has a list under "# Sub-rooms, in order" promises that each
//! of its modules uses only those above it in the list, and a room whose folders
//! all have such a list has no files that import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::house::{files, read};

const HEADING: &str = "//! # Sub-rooms, in order";

/// Source files by the path of their module: `["ingest", "scan"]` for `src/ingest/scan/mod.rs`.
fn modules() -> BTreeMap<Vec<String>, String> {
    let path = |file: &String| {
        let name = file.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        name.split('/').map(str::to_owned).collect()
    };
    files("src", "rs").iter().map(|file| (path(file), file.clone())).collect()
}

/// The modules that a `mod.rs` lists in order; none if it has no list.
fn listed(text: &str) -> Option<Vec<String>> {
    let list = text.split_once(HEADING)?.1.lines().skip(1).take_while(|l| l.starts_with("//!"));
    let name = |line: &str| Some(line.strip_prefix("//! - [`")?.split_once('`')?.0.to_owned());
    Some(list.filter_map(name).collect())
}

/// The code of a file without its comments and its tests.
fn code(file: &str) -> String {
    let text = read(file);
    let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    code.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Every path of a tree such as `a::{b, c::D}`, after `prefix`. Returns what follows the tree.
fn paths<'t>(tree: &'t str, prefix: &[String], found: &mut Vec<Vec<String>>) -> &'t str {
    let mut path = prefix.to_vec();
    let mut rest = tree.trim_start();
    loop {
        if let Some(mut inner) = rest.strip_prefix('{') {
            loop {
                inner = paths(inner, &path, found).trim_start();
                match inner.strip_prefix(',') {
                    Some(next) if !next.trim_start().starts_with('}') => inner = next,
                    _ => break,
                }
            }
            return inner.trim_start_matches(',').trim_start().strip_prefix('}').unwrap_or(inner);
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end > 0 && &rest[..end] != "self" {
            path.push(rest[..end].to_owned());
        }
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(next) if end > 0 => rest = next,
            _ => break,
        }
    }
    found.push(path);
    // A name of its own: `x as y`.
    rest.trim_start()
        .strip_prefix("as ")
        .map_or(rest, |r| r.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Every path of a file that begins with `crate::`.
fn used(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for tree in code.split("crate::").skip(1) {
        paths(tree, &[], &mut found);
    }
    found
}

/// The names that a module takes from other modules and offers as its own, with their paths.
fn offered(code: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = Vec::new();
    for tree in code.split("pub use crate::").skip(1) {
        paths(tree, &[], &mut found);
    }
    found.into_iter().filter_map(|path| Some((path.last()?.clone(), path))).collect()
}

/// The file that defines what a path names.
fn defining<'m>(path: &[String], modules: &'m BTreeMap<Vec<String>, String>) -> Option<&'m Vec<String>> {
    let (module, _) = (1..=path.len()).rev().find_map(|n| modules.get_key_value(&path[..n]))?;
    let name = path.get(module.len())?;
    match offered(&code(&modules[module])).get(name) {
        Some(path) if path[..path.len() - 1] != module[..] => defining(path, modules),
        _ => Some(module),
    }
    .or(Some(module))
}

/// The modules that each module uses.
fn uses(modules: &BTreeMap<Vec<String>, String>) -> BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> {
    let of = |file: &String| {
        let paths = used(&code(file));
        paths
            .iter()
            .filter_map(|path| defining(path, modules).or_else(|| Some(modules.get_key_value(path)?.0)))
            .collect()
    };
    modules.iter().map(|(module, file)| (module, of(file))).collect()
}

#[test]
fn a_sub_room_uses_only_sub_rooms_before_it() {
    let modules = modules();
    let uses = uses(&modules);
    let mut wrong = Vec::new();
    let mut lists = 0;
    for (room, file) in modules.iter().filter(|(_, file)| file.ends_with("/mod.rs")) {
        let Some(order) = listed(&read(file)) else { continue };
        lists += 1;
        let children = modules.keys().filter(|m| m.len() == room.len() + 1 && m.starts_with(room));
        let children: BTreeSet<String> = children.filter_map(|m| m.last().cloned()).collect();
        assert_eq!(order.iter().cloned().collect::<BTreeSet<_>>(), children, "{file} lists each of its modules once");
        let rank = |module: &[String]| order.iter().position(|name| *name == module[room.len()]);
        for (module, used) in uses.iter().filter(|(m, _)| m.len() > room.len() && m.starts_with(room)) {
            for other in used.iter().filter(|m| m.starts_with(room)) {
                // What the room's own file defines is above all of its sub-rooms.
                if other.len() == room.len() || rank(other) > rank(module) {
                    wrong.push(format!("{} uses {}", modules[*module], other.join("::")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lists >= 4, "the rooms list their sub-rooms");
}

#[test]
fn a_room_whose_folders_all_list_their_modules_has_no_circle() {
    let modules = modules();
    let uses = uses(&modules);
    let lists = |room: &[String]| {
        let mut inside = modules.iter().filter(|(m, file)| m.starts_with(room) && file.ends_with("/mod.rs"));
        inside.all(|(_, file)| listed(&read(file)).is_some())
    };
    let is_room = |module: &[String], file: &str| module.len() == 1 && file.ends_with("/mod.rs") && lists(module);
    let rooms: Vec<_> = modules.iter().filter(|(module, file)| is_room(module, file)).collect();
    assert!(!rooms.is_empty(), "a room lists the modules of all its folders");
    for (room, _) in rooms {
        // Files that only use files already taken out are on no circle.
        let mut left: BTreeSet<&Vec<String>> = modules.keys().filter(|m| m.starts_with(room)).collect();
        loop {
            let free = |m: &&Vec<String>| uses[*m].iter().all(|used| used == m || !left.contains(*used));
            let gone: Vec<_> = left.iter().copied().filter(free).collect();
            if gone.is_empty() {
                break;
            }
            left.retain(|m| !gone.contains(m));
        }
        let left: Vec<String> = left.into_iter().map(|m| m.join("::")).collect();
        assert!(left.is_empty(), "on a circle, or above one: {}", left.join(", "));
    }
}

#[test]
fn trees_of_paths_are_read() {
    let text = "use crate::a::{b, c::{D, self}, e::F as G};\npub use crate::h::{\n    I,\n    j::K,\n};\nlet x = crate::l::m(1);";
    let said: Vec<String> = used(text).iter().map(|p| p.join("::")).collect();
    assert_eq!(said, ["a::b", "a::c::D", "a::c", "a::e::F", "h::I", "h::j::K", "l::m"]);
    assert_eq!(offered(text)["K"], ["h", "j", "K"]);
    assert_eq!(listed("//! X.\n//!\n//! # Sub-rooms, in order\n//!\n//! - [`a`]: one.\n//!   more\n//! - [`b`](mod@b): two\n\nmod a;").expect("a list"), ["a", "b"]);
}
