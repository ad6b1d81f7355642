namespace GatewayKit.Routing;

/// <summary>
/// The elements of one line of a header: split at commas, of <c>Cookie</c> at semicolons, outside quotes; without the space around them
/// and one pair of quotes (RFC 9110 §5.6.1, §5.6.4; RFC 6265 §4.2.1). No allocation.
/// </summary>
internal ref struct FieldElements(ReadOnlySpan<char> line, char separator)
{
    private ReadOnlySpan<char> _rest = line;
    private bool _done;

    public ReadOnlySpan<char> Current { get; private set; }

    public static char SeparatorOf(string header) => header.Equals("Cookie", StringComparison.OrdinalIgnoreCase) ? ';' : ',';

    public readonly FieldElements GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_done)
        {
            return false;
        }

        var end = EndOfElement();
        Current = Unquote(_rest[..end].Trim());
        _done = end == _rest.Length;
        _rest = _done ? default : _rest[(end + 1)..];
        return true;
    }

    private readonly int EndOfElement()
    {
        if (!_rest.Contains('"'))
        {
            return _rest.IndexOf(separator) is var index and >= 0 ? index : _rest.Length;
        }

        var quoted = false;
        for (var i = 0; i < _rest.Length; i++)
        {
            var c = _rest[i];
            if (quoted && c is '\\')
            {
                i++;
            }
            else if (c is '"')
            {
                quoted = !quoted;
            }
            else if (!quoted && c == separator)
            {
                return i;
            }
        }

        return _rest.Length;
    }

    private static ReadOnlySpan<char> Unquote(ReadOnlySpan<char> element) => element is ['"', .. var inner, '"'] ? inner : element;
}
