using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace GatewayKit.Routing;

/// <summary>A <see cref="FieldMatch"/> made ready to be asked: expressions compiled, the negation taken off. Immutable.</summary>
internal sealed class FieldCondition
{
    private readonly string _name;
    private readonly string[] _values;
    private readonly Regex[] _expressions;
    private readonly StringComparison _comparison;
    private readonly FieldMatchMode _mode;
    private readonly bool _negated;
    private readonly char _separator;

    public FieldCondition(FieldMatch match)
    {
        (_name, _values) = (match.Name, [.. match.Values]);
        _comparison = match.CaseSensitive ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        _separator = FieldElements.SeparatorOf(match.Name);
        (_mode, _negated) = match.Mode switch
        {
            FieldMatchMode.NotExact => (FieldMatchMode.Exact, true),
            FieldMatchMode.NotPrefix => (FieldMatchMode.Prefix, true),
            FieldMatchMode.NotContains => (FieldMatchMode.Contains, true),
            FieldMatchMode.NotExists => (FieldMatchMode.Exists, true),
            FieldMatchMode.NotRegex => (FieldMatchMode.Regex, true),
            var mode => (mode, false),
        };

        // Linear in the length of the value, whatever the expression: a header cannot stall the gateway.
        var options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | (match.CaseSensitive ? RegexOptions.None : RegexOptions.IgnoreCase);
        _expressions = _mode is FieldMatchMode.Regex ? Array.ConvertAll(_values, value => new Regex(value, options)) : [];
    }

    public bool HoldsForHeaders(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue(_name, out var lines))
        {
            return _negated;
        }

        if (_mode is FieldMatchMode.Exists)
        {
            return !_negated;
        }

        foreach (var line in lines)
        {
            if (_mode is FieldMatchMode.Contains or FieldMatchMode.Regex ? Accepts(line) : AcceptsAnElementOf(line))
            {
                return !_negated;
            }
        }

        return _negated;
    }

    public bool HoldsForQuery(QueryString query)
    {
        foreach (var pair in new QueryStringEnumerable(query.Value))
        {
            if (pair.DecodeName().Span.Equals(_name, StringComparison.OrdinalIgnoreCase)
                && (_mode is FieldMatchMode.Exists || Accepts(pair.DecodeValue().Span)))
            {
                return !_negated;
            }
        }

        return _negated;
    }

    private bool AcceptsAnElementOf(ReadOnlySpan<char> line)
    {
        foreach (var element in new FieldElements(line, _separator))
        {
            if (Accepts(element))
            {
                return true;
            }
        }

        return false;
    }

    private bool Accepts(ReadOnlySpan<char> text)
    {
        foreach (var expression in _expressions)
        {
            if (expression.IsMatch(text))
            {
                return true;
            }
        }

        foreach (var value in _mode is FieldMatchMode.Regex ? [] : _values)
        {
            var accepted = _mode switch
            {
                FieldMatchMode.Exact => text.Equals(value, _comparison),
                FieldMatchMode.Prefix => text.StartsWith(value, _comparison),
                _ => text.Contains(value, _comparison),
            };
            if (accepted)
            {
                return true;
            }
        }

        return false;
    }
}
