using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using GatewayKit.Auditing.Records;

namespace GatewayKit.Auditing.Bodies;

/// <summary>
/// Writes JSON again without what is masked. Read token by token: of what is cut, the token in which it is cut is not seen at all, so that no half of a value escapes its mask.
/// </summary>
internal static class JsonBody
{
    private const int MostDepth = 64;
    private const string Mask = "\"***\"";

    // Beside those that no field may have (SecretNames): PCI DSS 3.3.1, and what a form of a login has.
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "cvv", "cvv2", "cvc", "cvc2", "csc", "pin", "otp", "totp", "pwd", "passphrase", "privateKey", "private_key", "client_assertion", "code_verifier", "assertion");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> KnownNames = Known.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether a member or key is masked whatever a policy says.</summary>
    public static bool IsSecret(ReadOnlySpan<char> name) => KnownNames.Contains(name) || SecretNames.Include(name);

    /// <summary>Writes it.</summary>
    /// <param name="json">The body, or the beginning of it.</param>
    /// <param name="isCut">Whether it is the beginning.</param>
    /// <param name="masks">What is masked.</param>
    /// <param name="text">Where it goes.</param>
    /// <param name="buffer">Room for as many characters as the body has bytes.</param>
    /// <returns>Whether it is JSON, up to the cut.</returns>
    public static bool TryWrite(ReadOnlySpan<byte> json, bool isCut, BodyMasks masks, ref BodyText text, Span<char> buffer)
    {
        // RFC 8259 §8.1: a byte order mark may be ignored.
        var plain = json.StartsWith("\uFEFF"u8) ? json[3..] : json;
        var reader = new Utf8JsonReader(plain, isFinalBlock: !isCut, new(new() { MaxDepth = MostDepth, AllowMultipleValues = true }));
        var place = new Place(masks);
        try
        {
            while (!text.IsFull && reader.Read())
            {
                if (!place.TryPass(ref reader, ref text, buffer))
                {
                    break;
                }
            }

            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not JSON, or text in it that is no Unicode.
            return false;
        }
    }

    private record struct Level(ulong Masks, int Index, bool IsArray, bool HasItems);

    [InlineArray(MostDepth + 1)]
    private struct Levels
    {
        private Level _root;
    }

    private struct Place(BodyMasks masks)
    {
        private Levels _levels;
        private int _depth;
        private ulong _inside = masks.Start;
        private bool _isMasked;

        // One token. What there is no room for is left out, of a string its end: the detectors have seen the whole of it before.
        public bool TryPass(ref Utf8JsonReader reader, ref BodyText text, Span<char> buffer)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    Separate(ref text);
                    var name = buffer[..reader.CopyString(buffer)];
                    _inside = masks.Into(_levels[_depth].Masks, name, -1, out _isMasked);
                    _isMasked |= IsSecret(name);
                    WriteString(ref text, name);
                    text.Write(":");
                    return true;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    _depth--;
                    text.Write(reader.TokenType is JsonTokenType.EndObject ? "}" : "]");
                    return true;
                default:
                    Enter(ref text);
                    if (_isMasked)
                    {
                        _isMasked = false;
                        text.Write(Mask);
                        return reader.TrySkip();
                    }

                    WriteValue(ref reader, ref text, buffer);
                    return true;
            }
        }

        // Before a value: an item of an array or of the root. A member was entered by its name.
        private void Enter(ref BodyText text)
        {
            ref var level = ref _levels[_depth];
            if (_depth == 0)
            {
                text.Write(level.HasItems ? "\n" : string.Empty);
                (level.HasItems, _inside) = (true, masks.Start);
            }
            else if (level.IsArray)
            {
                Separate(ref text);
                _inside = masks.Into(level.Masks, default, level.Index++, out _isMasked);
            }
        }

        private void Separate(ref BodyText text)
        {
            ref var level = ref _levels[_depth];
            text.Write(level.HasItems ? "," : string.Empty);
            level.HasItems = true;
        }

        private void WriteValue(ref Utf8JsonReader reader, ref BodyText text, Span<char> buffer)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    var isArray = reader.TokenType is JsonTokenType.StartArray;
                    text.Write(isArray ? "[" : "{");
                    _levels[++_depth] = new(_inside, 0, isArray, false);
                    break;
                case JsonTokenType.String:
                    WriteString(ref text, buffer[..reader.CopyString(buffer)]);
                    break;
                case JsonTokenType.Number:
                    var before = text.Length;
                    if (text.Clean(buffer[..Encoding.ASCII.GetChars(reader.ValueSpan, buffer)], BodyEscapes.None))
                    {
                        var number = buffer[..Encoding.ASCII.GetChars(reader.ValueSpan, buffer)];
                        text.TakeBack(before);
                        WriteString(ref text, number);
                    }

                    break;
                default:
                    text.Write(reader.TokenType switch { JsonTokenType.True => "true", JsonTokenType.False => "false", _ => "null" });
                    break;
            }
        }

        private static void WriteString(ref BodyText text, Span<char> value)
        {
            text.Write("\"");
            text.Clean(value, BodyEscapes.Json);
            text.Write("\"");
        }
    }
}
