//! Tests the order of files inside a room. The doc of every `mod.rs` with files below it has a list under "# Sub-rooms, in
//! order": each file uses only those above it in the list, and none uses what the `mod.rs` itself defines. So no two
//! files of a room import each other, directly or in a circle, which is also tested by itself.

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
    let items = list.filter_map(|line| Some(line.strip_prefix("//! - ")?.split(": ").next()?.to_owned()));
    let names = |item: String| item.split("[`").skip(1).filter_map(|n| Some(n.split_once('`')?.0.to_owned())).collect();
    Some(items.flat_map::<Vec<_>, _>(names).collect())
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
    for tree in code.replace("pub(crate) use ", "pub use ").split("pub use crate::").skip(1) {
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

/// The modules directly below a module, by their names.
fn children<'m>(
    room: &'m [String],
    modules: &'m BTreeMap<Vec<String>, String>,
) -> impl Iterator<Item = (&'m str, &'m Vec<String>)> {
    let below = modules.keys().filter(|m| m.len() == room.len() + 1 && m.starts_with(room));
    below.filter_map(|m| Some((m.last()?.as_str(), m)))
}

/// Does code name a child module by a path that begins with it, such as `child::item`?
fn names_child(code: &str, child: &str) -> bool {
    let path = format!("{child}::");
    let begins = |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
    code.match_indices(&path).any(|(at, _)| begins(at) || code[..at].ends_with("self::"))
}

/// The modules that each module uses.
fn uses(modules: &BTreeMap<Vec<String>, String>) -> BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> {
    let mut uses = BTreeMap::new();
    for (module, file) in modules {
        let code = code(file);
        let imports_super =
            code.lines().any(|line| line.starts_with("use super::") || line.starts_with("pub use super::"));
        assert!(!imports_super, "{file}: write the path from the crate's root, which this test can read");
        let mut used_here: BTreeSet<&Vec<String>> = BTreeSet::new();
        for path in used(&code) {
            let exact = || modules.get_key_value(&path).map(|(module, _)| module);
            used_here.extend(defining(&path, modules).or_else(exact));
        }
        used_here
            .extend(children(module, modules).filter(|(name, _)| names_child(&code, name)).map(|(_, child)| child));
        uses.insert(module, used_here);
    }
    uses
}

/// What is wrong with the order of the files of every room: a use against the list, or a list that is not complete.
fn against_the_order(modules: &BTreeMap<Vec<String>, String>) -> Vec<String> {
    let uses = uses(modules);
    let mut wrong = Vec::new();
    for (room, file) in modules.iter().filter(|(_, file)| file.ends_with("/mod.rs")) {
        let children: BTreeSet<String> = children(room, modules).map(|(name, _)| name.to_owned()).collect();
        if children.is_empty() {
            continue;
        }
        let order = listed(&read(file)).unwrap_or_default();
        if order.iter().cloned().collect::<BTreeSet<_>>() != children || order.len() != children.len() {
            wrong.push(format!(
                "{file}: list each of its modules once under \"{}\"",
                HEADING.trim_start_matches("//! ")
            ));
        }
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
    wrong
}

/// The modules of each room that are on a circle of imports, or use one that is.
fn on_a_circle(modules: &BTreeMap<Vec<String>, String>) -> Vec<String> {
    let uses = uses(modules);
    let rooms: BTreeSet<&String> = modules.keys().filter_map(|m| m.first()).collect();
    let mut wrong = Vec::new();
    for room in rooms {
        let mut left: BTreeSet<&Vec<String>> = modules.keys().filter(|m| m.first() == Some(room)).collect();
        loop {
            let free = |m: &&Vec<String>| uses[*m].iter().all(|used| used == m || !left.contains(*used));
            let gone: Vec<_> = left.iter().copied().filter(free).collect();
            if gone.is_empty() {
                break;
            }
            left.retain(|m| !gone.contains(m));
        }
        wrong.extend(left.into_iter().map(|m| m.join("::")));
    }
    wrong
}

#[test]
fn a_file_uses_only_files_before_it_in_the_list_of_its_room() {
    let wrong = against_the_order(&modules());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_files_of_a_room_import_each_other_in_a_circle() {
    let wrong = on_a_circle(&modules());
    assert!(wrong.is_empty(), "on a circle, or above one: {}", wrong.join(", "));
}

#[test]
fn a_module_named_by_a_relative_path_is_used() {
    assert!(names_child("let x = child::f();", "child") && names_child("[self::child::A]", "child"));
    assert!(!names_child("grandchild::f(); other::child::f();", "child"));
}

#[test]
fn trees_of_paths_are_read() {
    let text = "use crate::a::{b, c::{D, self}, e::F as G};\npub use crate::h::{\n    I,\n    j::K,\n};\nlet x = crate::l::m(1);";
    let names: Vec<String> = used(text).iter().map(|p| p.join("::")).collect();
    assert_eq!(names, ["a::b", "a::c::D", "a::c", "a::e::F", "h::I", "h::j::K", "l::m"]);
    assert_eq!(offered(text)["K"], ["h", "j", "K"]);
    assert_eq!(listed("//! X.\n//!\n//! # Sub-rooms, in order\n//!\n//! - [`a`]: one.\n//!   more\n//! - [`b`](mod@b), [`c`]: two\n\nmod a;").expect("a list"), ["a", "b", "c"]);
}
