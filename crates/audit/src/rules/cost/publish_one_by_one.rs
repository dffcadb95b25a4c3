//! A round trip for each message: the rule `cost::publish-one-by-one`.

use syn::Expr;

use crate::look::{Found, Look, Method};
use crate::scope::{Loop, Scope};
use crate::syntax::span;

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};

pub(crate) const RULE: Rule = Rule {
    id: "cost::publish-one-by-one",
    family: Family::Cost,
    level: Level::Info,
    title: "messages that are published one after the other",
    page: Page {
        why: "A broker takes thousands of messages in one packet. Whoever waits for each before the next pays \
              the whole way for each.",
        incident: "An export of ten million rows waits 2 ms for each, five and a half hours. The broker \
                   idles.",
        instead: "let them go together, and wait for all at the end",
        better: "let sent = rows.iter().map(|row| producer.send(record(row), TIMEOUT));\n\
                 futures::future::try_join_all(sent).await?;",
        alike: &[
            "what is waited for together: `join_all`, `buffered`, `FuturesUnordered`",
            "`send_result`, and what a stream gives back before it is stored",
            "a loop over what comes in by and by",
        ],
        allow: "If the next must not go before the last is stored, say why.",
        shows: &[],
        unshown: "no run here has a broker that could take many messages at once",
        links: &[],
    },
    looks: &[Look::Method(look)],
};

fn look<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    let Some(owner) = scope.type_of(&method.expr.receiver) else { return };
    let act = scope.knowledge.method(Some(&owner.path), &method.name);
    let Some(act) = act.filter(|act| act.kind == "publish") else { return };
    // What gives a thing to be waited for is waited for twice.
    let waits = if act.returns.is_empty() { 1 } else { 2 };
    let direct = scope.around().take_while(|expr| matches!(expr, Expr::Await(_) | Expr::Try(_)));
    if direct.filter(|expr| matches!(expr, Expr::Await(_))).count() < waits {
        return;
    }
    found.looked(method.expr.method.span());
    let is_over_things = matches!(
        scope.loop_around(),
        Some(Loop::For(found)) if !matches!(&*found.expr, Expr::Range(_))
    );
    if is_over_things && !runs_together(scope) {
        found.say(span(method.expr), scope, "each message waits until the broker has the one before");
    }
}

/// Whether this function lets things run at once, of which this may be one.
fn runs_together(scope: &Scope<'_>) -> bool {
    scope.mentions(&["spawn", "unordered", "buffered"])
        || scope.has_name(&["join_all", "try_join_all", "JoinSet", "FuturesOrdered"])
}
