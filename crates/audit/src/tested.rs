//! What is test code: by where it stands, by its attributes, and by what it is called.
//!
//! Nearly four of five places that look like a fallacy stand in tests, where they are right. So this is what makes the audit
//! quiet, more than any rule.

use std::path::{Component, Path};

use syn::punctuated::Punctuated;
use syn::{Attribute, Item, Meta, Token};

use crate::words::{says, words};

/// Folders and crates with one of these words hold no shipped code.
const FOLDER_WORDS: [&str; 20] = [
    "test",
    "tests",
    "testing",
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "example",
    "examples",
    "fuzz",
    "integration",
    "e2e",
    "mock",
    "mocks",
    "simulator",
    "simulation",
    "fixture",
    "fixtures",
    "demo",
    "demos",
];

/// Folders of programs that only those who build or release the project run.
const TOOL_FOLDERS: [&str; 7] =
    ["xtask", "xtasks", "release-tools", "release_tools", "build-tools", "dev-tools", "devtools"];

/// Folders that hold no shipped code even where the user points to them.
const FOLDERS: [&str; 4] = ["tests", "benches", "examples", "fuzz"];

/// Whether a file holds test code by its place: `root` is what the user named, and `below` where it is in there.
pub(crate) fn is_place(root: &Path, below: &Path) -> bool {
    let is_folder = |part: Component<'_>, is_test: &dyn Fn(&str) -> bool| match part {
        Component::Normal(part) => part.to_str().is_some_and(is_test),
        _ => false,
    };
    let is_named = |name: &str| FOLDERS.contains(&name);
    let is_called = |name: &str| {
        is_word(name, &FOLDER_WORDS)
            || words(name).any(|word| word.starts_with("simul"))
            || TOOL_FOLDERS.contains(&name)
            || name.len() > "bench".len() && name.ends_with("bench") && !name.ends_with("workbench")
    };
    // Where somebody keeps a project says nothing of what is in it.
    let root = within_project(root);
    if root.is_relative() && root.components().any(|part| is_folder(part, &is_named)) {
        return true;
    }
    let folders = below.parent().unwrap_or(Path::new(""));
    if folders.components().any(|part| is_folder(part, &is_called)) {
        return true;
    }
    let file = if below.as_os_str().is_empty() { root } else { below };
    if is_build_script(file) {
        return true;
    }
    file.file_stem().and_then(|stem| stem.to_str()).is_some_and(is_file)
}

/// `build.rs` or `build/main.rs` beside `src`: cargo runs it where the project is built.
fn is_build_script(file: &Path) -> bool {
    let is_source = file.components().any(|part| part.as_os_str() == "src");
    !is_source && (file.ends_with("build.rs") || file.ends_with("build/main.rs"))
}

/// A path as it is below the current folder, or below the package that it is in; one that is in neither as it is.
fn within_project(path: &Path) -> &Path {
    if path.is_relative() {
        return path;
    }
    let current = std::env::current_dir().ok();
    if let Some(below) = current.and_then(|current| path.strip_prefix(current).ok()) {
        return below;
    }
    let package = path.ancestors().skip(1).find(|folder| folder.join("Cargo.toml").is_file());
    package.and_then(|folder| path.strip_prefix(folder).ok()).unwrap_or(path)
}

fn is_word(name: &str, known: &[&str]) -> bool {
    words(name).any(|word| known.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

fn is_file(stem: &str) -> bool {
    let is = |word: &str| matches!(word, "test" | "tests");
    words(stem).next().is_some_and(is) || words(stem).last().is_some_and(is)
}

/// Whether these attributes say that something is there for tests alone.
pub(crate) fn is_attributed(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let last = attribute.path().segments.last().map(|segment| segment.ident.to_string());
        match last.as_deref() {
            Some("cfg" | "cfg_attr") if attribute.path().is_ident("cfg") => match &attribute.meta {
                Meta::List(list) => list.parse_args::<Meta>().is_ok_and(|meta| is_condition(&meta)),
                _ => false,
            },
            Some(
                "test" | "bench" | "rstest" | "test_case" | "quickcheck" | "proptest" | "wasm_bindgen_test",
            ) => true,
            Some(name) => name.ends_with("_test") || name.starts_with("test_"),
            None => false,
        }
    })
}

/// Whether a condition holds in tests alone.
fn is_condition(meta: &Meta) -> bool {
    match meta {
        Meta::Path(path) => path.is_ident("test") || path.is_ident("bench"),
        Meta::List(list) => {
            let inner = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            let Ok(inner) = inner else { return false };
            if list.path.is_ident("all") {
                inner.iter().any(is_condition)
            } else if list.path.is_ident("any") {
                !inner.is_empty() && inner.iter().all(is_condition)
            } else {
                false
            }
        }
        Meta::NameValue(pair) if pair.path.is_ident("feature") => crate::syntax::text(&pair.value)
            .is_some_and(|name| {
                says(
                    &name.value(),
                    &["test", "tests", "testing", "mock", "mocks", "bench", "fuzz", "fuzzing"],
                )
            }),
        Meta::NameValue(_) => false,
    }
}

/// Whether a function is there to be copied or tested, by the end of its name.
pub(crate) fn is_function(name: &str) -> bool {
    const ENDS: [&str; 5] = ["_example", "_for_test", "_for_tests", "_for_testing", "_test_only"];
    // Two underscores say that nobody is to call it who is not meant.
    name == "generate_config" || name.starts_with("__test_") || ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether a program wrote this: then nobody mends it here.
pub(crate) fn is_generated(text: &str) -> bool {
    const LINES_MAX: usize = 20;
    text.lines().take(LINES_MAX).any(|line| line.starts_with("//") && line.contains("@generated"))
}

/// Whether a module is one of tests, by its name.
pub(crate) fn is_module(name: &str) -> bool {
    is_word(name, &["test", "tests", "testing"])
}

/// The attributes of an item.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{is_attributed, is_function, is_generated, is_place};

    #[test]
    fn files_are_of_tests_by_their_place() {
        let is = |root: &str, below: &str| is_place(Path::new(root), Path::new(below));
        assert!(
            is(".", "tests/it/main.rs")
                && is(".", "crates/a-test-kit/src/lib.rs")
                && is(".", "src/net/tests.rs")
        );
        assert!(is("tests/a.rs", "") && is("crates/a/tests", "it.rs") && is("src/peer_test.rs", ""));
        assert!(is("src", "simulated_net/a.rs") && is("src", "test_util.rs"));
        assert!(
            !is(".", "src/latest.rs") && !is(".", "src/contest/attest.rs") && !is("/tests/a", "src/lib.rs")
        );
        assert!(!is("my-test-bed", "src/lib.rs"), "the folder that was named is looked into");
        assert!(!is(".", "src/simple.rs"));
        assert!(is(".", "build.rs") && is(".", "proto/build/main.rs") && is("api/build.rs", ""));
        assert!(!is(".", "src/build.rs") && !is(".", "src/build/main.rs") && !is(".", "rebuild.rs"));
        assert!(is(".", "crates/xtask/src/main.rs") && is(".", "release-tools/publish/src/main.rs"));
        assert!(is(".", "pagebench/src/cmd.rs") && is(".", "src/bin/query_fixture/write.rs"));
        assert!(!is(".", "workbench/src/lib.rs"));
        assert!(!is(".", "tools/src/main.rs"), "programs that are shipped are called so, too");
    }

    #[test]
    fn attributes_say_what_is_built_for_tests_alone() {
        let is = |text: &str| {
            let item: syn::ItemFn = syn::parse_str(&format!("{text} fn a() {{}}")).expect("it is Rust");
            is_attributed(&item.attrs)
        };
        for text in [
            "#[cfg(test)]",
            "#[cfg(all(test, unix))]",
            "#[cfg(any(test, feature = \"test-util\"))]",
            "#[cfg(feature = \"mocks\")]",
            "#[test]",
            "#[tokio::test(flavor = \"multi_thread\")]",
            "#[rstest]",
            "#[bench]",
        ] {
            assert!(is(text), "{text}");
        }
        for text in [
            "#[cfg(not(test))]",
            "#[cfg(any(test, unix))]",
            "#[cfg_attr(test, derive(Debug))]",
            "#[cfg(feature = \"attestation\")]",
            "#[inline]",
        ] {
            assert!(!is(text), "{text}");
        }
    }

    #[test]
    fn what_a_program_wrote_says_so_at_its_top() {
        assert!(is_generated("// This file is @generated by prost-build.\nfn a() {}"));
        assert!(!is_generated("fn a() {} // not @generated") && !is_generated("/* @generated */ fn a() {}"));
    }

    #[test]
    fn a_function_is_an_example_by_the_end_of_its_name() {
        assert!(
            is_function("config_example") && is_function("client_for_test") && is_function("generate_config")
        );
        assert!(is_function("__test_request_error"));
        assert!(!is_function("test") && !is_function("test_connection") && !is_function("run_self_test"));
    }
}
