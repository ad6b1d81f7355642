namespace GatewayKit.PostgreSql;

/// <summary>Names in the database that need no quotation marks, and so mean the same wherever they stand.</summary>
internal static class Identifiers
{
    private const int MostCharacters = 48;

    /// <exception cref="ArgumentException">It is none.</exception>
    public static string Check(string name, string setting) =>
        name.Length is > 0 and <= MostCharacters && name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_') && !char.IsAsciiDigit(name[0])
            ? name
            : throw new ArgumentException($"{setting} is '{name}'; it must be 1 to {MostCharacters} small letters, digits and '_', the first of them no digit.", setting);
}
