//! What a loop looks like that asks again after a failure.

use syn::{Expr, ExprForLoop, Stmt};

use crate::scope::{Loop, Scope};
use crate::syntax::{any, any_expr, span};

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
        crate::syntax::Part::Expr(Expr::Try(tried)) => {
            let inner = span(&*tried.expr).byte_range();
            inner.start == at.start && inner.end >= at.end
        }
        _ => false,
    })
}

/// The innermost loop around what is looked at, as far as the function or closure goes.
pub(crate) fn loop_around<'a>(scope: &Scope<'a>) -> Option<Loop<'a>> {
    for expr in scope.around() {
        match expr {
            Expr::ForLoop(found) => return Some(Loop::For(found)),
            Expr::While(found) => return Some(Loop::While(found)),
            Expr::Loop(found) => return Some(Loop::Endless(found)),
            Expr::Closure(_) | Expr::Async(_) => return None,
            _ => {}
        }
    }
    None
}

/// Whether a value is the same each time: a literal, a constant, or what a function makes of those.
pub(crate) fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) => true,
        Expr::Path(path) => path.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            name.chars().all(|letter| letter.is_uppercase() || letter == '_' || letter.is_ascii_digit())
        }),
        Expr::Call(call) => call.args.iter().all(is_constant),
        Expr::Paren(inner) => is_constant(&inner.expr),
        _ => false,
    }
}

/// A span that is written out, in microseconds: of `Duration::from_millis(20)`, 20 000.
pub(crate) fn written_micros(expr: &Expr) -> Option<u64> {
    let Expr::Call(call) = expr else { return None };
    let name = crate::syntax::called(&call.func)?.to_string();
    let count = crate::syntax::number(call.args.first()?)?;
    match &*name {
        "from_secs" => count.checked_mul(1_000_000),
        "from_millis" => count.checked_mul(1_000),
        "from_micros" => Some(count),
        "from_nanos" => Some(count / 1_000),
        _ => None,
    }
}

/// The statements of the innermost block that holds this place, and which of them does.
pub(crate) fn statements_around(block: &syn::Block, at: usize) -> Option<(&[Stmt], usize)> {
    use syn::visit::Visit;

    struct Finder<'a> {
        at: usize,
        found: Option<(&'a [Stmt], usize)>,
    }

    impl<'a> Visit<'a> for Finder<'a> {
        fn visit_block(&mut self, block: &'a syn::Block) {
            let holds = |statement: &Stmt| span(statement).byte_range().contains(&self.at);
            if let Some(number) = block.stmts.iter().position(holds) {
                self.found = Some((&block.stmts, number));
                syn::visit::visit_stmt(self, &block.stmts[number]);
            }
        }
    }

    let mut finder = Finder { at, found: None };
    finder.visit_block(block);
    finder.found
}
