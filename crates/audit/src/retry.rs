//! What a loop looks like that asks again after a failure.

use syn::{Expr, ExprForLoop};

use crate::scope::{Loop, Scope};
use crate::syntax::{Part, any, any_expr, span};

/// The words of those who try again.
const WORDS: [&str; 7] = ["attempt", "attempts", "retry", "retries", "try", "tries", "backoff"];

/// Whether the turns of a loop are attempts at one thing that is asked of another machine: it ends when one succeeds.
pub(crate) fn is_retry(found: Loop<'_>, scope: &Scope<'_>) -> bool {
    let body = found.body();
    let ends = any_expr(body, |expr| matches!(expr, Expr::Return(_) | Expr::Break(_)));
    let is_counted = match found {
        Loop::For(found) => is_counted(found, scope),
        Loop::While(_) | Loop::Endless(_) => true,
    };
    // A failure that leaves the function is not tried again.
    let is_kept = || {
        any_expr(body, |expr| {
            let is_call = matches!(expr, Expr::Call(_) | Expr::MethodCall(_));
            is_call && scope.is_remote(expr) && !is_passed_up(body, expr)
        })
    };
    ends && is_counted && is_kept()
}

/// Whether a `for` counts, rather than going over things.
fn is_counted(found: &ExprForLoop, scope: &Scope<'_>) -> bool {
    let header = scope.source.range(span(&found.pat)).start..scope.source.range(span(&found.expr)).end;
    matches!(&*found.expr, Expr::Range(_)) || scope.source.mentions(&header, &WORDS)
}

/// Whether what is asked stands under a `?`.
fn is_passed_up(body: &syn::Block, asked: &Expr) -> bool {
    let at = span(asked).byte_range();
    any(body, |part| match part {
        Part::Expr(Expr::Try(tried)) => {
            let inner = span(&*tried.expr).byte_range();
            inner.start == at.start && inner.end >= at.end
        }
        _ => false,
    })
}
