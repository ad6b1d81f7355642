using GatewayKit.EntityFrameworkCore.Rows;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>What texts columns can hold. What a request says may be anything, and what no row can hold is nobody's: the database is not asked, and does not fail.</summary>
internal static class StoredText
{
    public static bool CanBe(string text) => text.Length <= GatewayTables.TextLength && HasOnlyWhatIsKept(text);

    /// <summary>The same, however long it is.</summary>
    public static bool HasOnlyWhatIsKept(string text) => !text.Contains('\0', StringComparison.Ordinal) && IsUtf16(text);

    // Half of a pair of surrogates has no UTF-8, which is what databases are sent.
    private static bool IsUtf16(string text)
    {
        for (var index = 0; index < text.Length; index++)
        {
            if (char.IsSurrogate(text[index]) && !(char.IsHighSurrogate(text[index]) && ++index < text.Length && char.IsLowSurrogate(text[index])))
            {
                return false;
            }
        }

        return true;
    }
}
