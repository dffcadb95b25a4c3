//! Settings that are missed at the start, or have a default.

use std::env;
use std::sync::LazyLock;

static REGION: LazyLock<String> = LazyLock::new(|| env::var("REGION").expect("REGION is set"));

struct Settings {
    listen: String,
}

impl Settings {
    fn from_env() -> Settings {
        Settings { listen: env::var("LISTEN").expect("LISTEN is set") }
    }
}

fn main() {
    serve(env::var("LISTEN").unwrap());
}

fn region() -> String {
    env::var("REGION").unwrap_or_else(|_| "eu".to_owned())
}

fn package() -> String {
    env::var("CARGO_PKG_NAME").unwrap()
}
