//! A setting that is missed late: the rule `admin::late-env`.

use syn::Expr;

use crate::look::{Found, Look, Method};
use crate::syntax::{span, text};
use crate::words::says;

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "admin::late-env",
    family: Family::Admin,
    level: Level::Info,
    title: "a setting from the environment that is first asked for at work",
    page: Page {
        why: "The environment is what somebody else sets. What is asked for at the start is missed at the \
              start, by whoever starts it; what is asked for later is missed by whoever is on call.",
        incident: "A station is set up by another team, without one variable. It runs for nine days, until \
                   the first alarm asks where to send it, and panics.",
        instead: "read all settings once at the start, into one type, and refuse to start without them",
        better: "let settings = Settings::from_env()?;",
        alike: &[
            "reading it in `main`, `from_env`, `load`, `init` and the like",
            "a variable that has a default",
            "what a build sets, such as `CARGO_PKG_NAME`",
        ],
        allow: "If the variable is always there on this system, say which guarantees it.",
        shows: &[],
        unshown: "a scenario is refused before its run begins if a setting is missing",
        links: &[],
    },
    looks: &[Look::Method(look)],
};

/// Functions with one of these words run at the start.
const EARLY: [&str; 18] = [
    "main",
    "new",
    "env",
    "load",
    "init",
    "initialize",
    "config",
    "configure",
    "configuration",
    "setup",
    "settings",
    "default",
    "parse",
    "build",
    "bootstrap",
    "start",
    "options",
    "args",
];

fn look<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    if !matches!(&*method.name, "unwrap" | "expect") {
        return;
    }
    let Expr::Call(call) = &*method.expr.receiver else { return };
    let Expr::Path(path) = &*call.func else { return };
    if !matches!(&*scope.path(&path.path), "std::env::var" | "std::env::var_os") {
        return;
    }
    found.looked(method.expr.method.span());
    let is_of_build = call.args.first().and_then(text).is_some_and(|name| {
        ["CARGO", "OUT_DIR", "TARGET", "HOST", "RUSTC", "PROFILE", "DEP_"]
            .iter()
            .any(|of_build| name.value().starts_with(of_build))
    });
    // What is not in a function is there before it.
    let is_early = scope.function().is_none_or(|function| says(&function.name, &EARLY))
        || scope.has_name(&["LazyLock", "OnceLock", "OnceCell", "Lazy", "get_or_init", "get_or_try_init"]);
    if !is_of_build && !is_early {
        let here = "whoever started this without the variable learns of it here, when it is at work";
        found.say(span(method.expr), scope, here);
    }
}
