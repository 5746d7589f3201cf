//! Whose report a file is, and of when, as its name tells it.

use crate::model::shown;
use jiff::civil::Date;
use std::path::Path;

/// Names that say what a file is, and not whose.
const GENERIC: [&str; 3] = ["report", "ftaudit", "ftaudit-report"];

/// The service and the date. The service is the folder that the file is in, below the folder of reports, and what the
/// file's name has besides a date: `payments/2026-11-20.json` and `payments-2026-11-20.json` are both of `payments`,
/// `shop/payments-2026-11-20.json` is of `shop/payments`.
pub(super) fn of(below: &Path) -> (String, Option<Date>) {
    let folder = below.parent().map(shown).unwrap_or_default();
    let stem = below.file_stem().map(|stem| shown(Path::new(stem))).unwrap_or_default();
    let (rest, date) = without_date(&stem);
    let of_its_folder = rest.is_empty() || GENERIC.contains(&rest.to_ascii_lowercase().as_str());
    let service = match (folder.is_empty(), of_its_folder) {
        (true, _) if rest.is_empty() => stem,
        (true, _) => rest,
        (false, true) => folder,
        (false, false) => format!("{folder}/{rest}"),
    };
    (service, date)
}

/// Splits the first date off (`2026-11-20`, `20261120`), with the time that may follow it.
fn without_date(stem: &str) -> (String, Option<Date>) {
    let is_digit = |at: usize| stem.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    for start in stem.char_indices().map(|(at, _)| at).filter(|at| *at == 0 || !is_digit(at - 1)) {
        let found = [10, 8].into_iter().find_map(|length| {
            let text = stem.get(start..start.checked_add(length)?)?;
            (!is_digit(start + length)).then(|| date(text)).flatten().map(|date| (date, start + length))
        });
        if let Some((date, end)) = found {
            let before = stem[..start].trim_end_matches(is_separator);
            let behind = without_time(&stem[end..]).trim_start_matches(is_separator);
            let parts: Vec<&str> = [before, behind].into_iter().filter(|part| !part.is_empty()).collect();
            return (parts.join("-"), Some(date));
        }
    }
    (stem.to_owned(), None)
}

fn date(text: &str) -> Option<Date> {
    let is_form = |form: &str| {
        text.len() == form.len()
            && text
                .chars()
                .zip(form.chars())
                .all(|(one, wanted)| if wanted == '9' { one.is_ascii_digit() } else { one == wanted })
    };
    (is_form("9999-99-99") || is_form("99999999")).then(|| text.parse().ok()).flatten()
}

/// Leaves out `T12-30-00Z` and its like.
fn without_time(text: &str) -> &str {
    let Some(time) =
        text.strip_prefix(['T', 't']).filter(|time| time.starts_with(|c: char| c.is_ascii_digit()))
    else {
        return text;
    };
    let is_time = |c: char| c.is_ascii_digit() || matches!(c, ':' | '-' | '_' | '.' | '+');
    let rest = time.trim_start_matches(is_time);
    rest.strip_prefix(['Z', 'z']).unwrap_or(rest)
}

fn is_separator(character: char) -> bool {
    matches!(character, '-' | '_' | '.' | ' ' | '@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str) -> (String, Option<String>) {
        let (service, date) = of(Path::new(path));
        (service, date.map(|date| date.to_string()))
    }

    fn dated(service: &str) -> (String, Option<String>) {
        (service.to_owned(), Some("2026-11-20".to_owned()))
    }

    #[test]
    fn folders_and_names_tell_the_service() {
        for path in [
            "payments-2026-11-20.json",
            "payments/2026-11-20.json",
            "payments/report-2026-11-20.json",
            "payments/2026-11-20_ftaudit-report.json",
            "payments_20261120.json",
            "2026-11-20T08-30-00Z-payments.json",
        ] {
            assert_eq!(told(path), dated("payments"), "{path}");
        }
        assert_eq!(told("shop/payments-2026-11-20.json"), dated("shop/payments"));
        assert_eq!(told("shop/eu/2026-11-20.json"), dated("shop/eu"));
        assert_eq!(told("payments-2026-11-20-nightly.json"), dated("payments-nightly"));
    }

    #[test]
    fn what_is_no_date_is_part_of_the_name() {
        for path in ["payments.json", "payments-v2.json", "payments-2026-13-40.json", "a-120261120.json"] {
            assert_eq!(told(path), (path.trim_end_matches(".json").to_owned(), None));
        }
        assert_eq!(told("2026-11-20.json"), dated("2026-11-20"));
        assert_eq!(told("payments/report.json"), ("payments".to_owned(), None));
        assert_eq!(told("é-2026-11-20.json"), dated("é"));
    }
}
