using System.Buffers;

namespace GatewayKit.Forwarding;

/// <summary>
/// Where events of a <c>text/event-stream</c> end: at an empty line, whichever of the three line ends is used (HTML, Server-sent events, 9.2.5).
/// A comment between two events belongs to none.
/// </summary>
internal struct EventBorders
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    private Line _line;
    private bool _isInEvent, _isAfterReturn;

    private enum Line : byte
    {
        Start,
        Comment,
        Field,
    }

    /// <summary>Whether nothing is lost when the stream ends here.</summary>
    public readonly bool IsAtBorder => !_isInEvent && _line is Line.Start;

    /// <summary>Moves over bytes.</summary>
    /// <returns>How many of them there are up to the last border; -1 if there is none in them.</returns>
    public int Advance(ReadOnlySpan<byte> bytes)
    {
        var border = -1;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] is (byte)'\n' && _isAfterReturn)
            {
                // The second half of a line end.
                _isAfterReturn = false;
            }
            else if (bytes[i] is (byte)'\r' or (byte)'\n')
            {
                _isAfterReturn = bytes[i] is (byte)'\r';
                _isInEvent &= _line is not Line.Start;
                _line = Line.Start;
            }
            else
            {
                _isAfterReturn = false;
                if (_line is Line.Start)
                {
                    _line = bytes[i] is (byte)':' ? Line.Comment : Line.Field;
                    _isInEvent |= _line is Line.Field;
                }

                // What is left of the line says nothing about where it ends.
                var rest = bytes[i..].IndexOfAny(LineEnds);
                i = (rest < 0 ? bytes.Length : i + rest) - 1;
                continue;
            }

            border = IsAtBorder ? i + 1 : border;
        }

        return border;
    }
}
