//! Paths of fields that stand in a template, as far as they are written out in it.

use typst::syntax::{LinkedNode, Source, SyntaxKind, ast};

/// A dotted path in a template's text.
pub(crate) struct TemplatePath {
    pub(crate) path: String,
    /// Line and column, from one.
    pub(crate) place: (usize, usize),
}

/// Every text of a template that reads like the path of a field: `notifier.name`, `members.1.name`.
pub(crate) fn template_paths(source: &Source) -> Vec<TemplatePath> {
    let mut found = Vec::new();
    collect(source, &LinkedNode::new(source.root()), &mut found);
    found
}

fn collect(source: &Source, node: &LinkedNode<'_>, found: &mut Vec<TemplatePath>) {
    if node.kind() == SyntaxKind::Str {
        let text = node.cast::<ast::Str<'_>>().map(ast::Str::get);
        let place = source.lines().byte_to_line_column(node.offset());
        if let (Some(text), Some((line, column))) = (text.filter(|text| is_path(text)), place) {
            found.push(TemplatePath {
                path: text.to_string(),
                place: (line + 1, column + 1),
            });
        }
    }
    for child in node.children() {
        collect(source, &child, found);
    }
}

/// Whether it is several names with dots between, and no file's name.
fn is_path(text: &str) -> bool {
    let is_name = |step: &str| {
        let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        !step.is_empty() && step.bytes().all(rest)
    };
    let is_file = ["toml", "typ", "json", "svg", "png"]
        .iter()
        .any(|kind| text.rsplit('.').next() == Some(kind));
    text.contains('.')
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('.').all(is_name)
        && !is_file
}
