//! `docs/your-own-service.md` shows what the example does, word for word.

use std::fs;
use std::path::Path;

#[test]
fn each_line_of_rust_in_the_page_is_in_the_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &str| fs::read_to_string(root.join(path)).expect("it is ours");
    let page = read("docs/your-own-service.md");
    let example = read("crates/tracing/examples/two_processes.rs");
    let mut blocks = 0;
    for block in page.split("```rust\n").skip(1) {
        let code = block.split("```").next().expect("a block has a beginning");
        assert!(example.contains(code), "this is not in the example:\n{code}");
        blocks += 1;
    }
    assert_eq!(blocks, 4);
}
