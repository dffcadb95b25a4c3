//! What the compiler says to whoever asks a clock for more than it knows.

#[test]
fn asking_a_total_order_for_concurrency_does_not_compile_and_says_why() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/total_orders_do_not.rs");
    cases.compile_fail("tests/ui/impostors_do_not.rs");
}
