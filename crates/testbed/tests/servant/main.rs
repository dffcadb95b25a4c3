//! A site for tests, and what runs there.

#[cfg(target_os = "linux")]
mod servant;

fn main() {
    #[cfg(target_os = "linux")]
    servant::main();
}
