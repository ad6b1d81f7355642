using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using GatewayKit.Pipeline;

namespace GatewayKit.Configuration;

/// <summary>How a value that is one string, number or boolean in JSON is read, written and described. Never depends on the culture.</summary>
/// <param name="Parse">Reads a text that is not empty; <see langword="null"/> if it cannot.</param>
/// <param name="Format">Writes a value so that <paramref name="Parse"/> reads an equal one.</param>
/// <param name="Expected">What a text should have been: the end of the sentence "'x' is not …".</param>
/// <param name="Kind">How it is written in JSON.</param>
internal sealed record ScalarFormat(Func<string, object?> Parse, Func<object, string> Format, string Expected, ScalarKind Kind = ScalarKind.Text)
{
    private const NumberStyles Real = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    private static readonly ScalarFormat Text = new(static text => text, static value => (string)value, "a text");

    private static readonly ScalarFormat Span = new(static text => ParseTimeSpan(text), FormatTimeSpan, TimeSpanExpected);

    // Made when the model has a value of the type: most have few of these.
    private static readonly Dictionary<Type, Func<ScalarFormat>> BuiltIn = new()
    {
        [typeof(string)] = static () => Text,
        [typeof(bool)] = static () => new(static text => bool.TryParse(text, out var value) ? value : null, static value => (bool)value ? "true" : "false", "true or false", ScalarKind.Boolean),
        [typeof(byte)] = Whole<byte>,
        [typeof(short)] = Whole<short>,
        [typeof(ushort)] = Whole<ushort>,
        [typeof(int)] = Whole<int>,
        [typeof(uint)] = Whole<uint>,
        [typeof(long)] = Whole<long>,
        [typeof(ulong)] = Whole<ulong>,
        [typeof(double)] = static () => Number<double>(static text => double.TryParse(text, Real, Invariant, out var value) && double.IsFinite(value) ? value : null),
        [typeof(float)] = static () => Number<float>(static text => float.TryParse(text, Real, Invariant, out var value) && float.IsFinite(value) ? value : null),
        [typeof(decimal)] = static () => Number<decimal>(static text => decimal.TryParse(text, Real, Invariant, out var value) ? value : null),
        [typeof(TimeSpan)] = static () => Span,
        [typeof(Uri)] = static () => new(
            static text => Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out var value) ? value : null,
            static value => ((Uri)value).OriginalString,
            "an address such as \"http://10.0.0.5:8080\""),
        [typeof(Version)] = static () => new(ParseVersion, static value => ((Version)value).ToString(), "a version such as \"2.0\""),
        [typeof(Guid)] = static () => new(static text => Guid.TryParse(text, out var value) ? value : null, static value => ((Guid)value).ToString(), "a GUID"),
        [typeof(DateTimeOffset)] = static () => new(
            static text => DateTimeOffset.TryParse(text, Invariant, DateTimeStyles.AssumeUniversal, out var value) ? value : null,
            static value => ((DateTimeOffset)value).ToString("O", Invariant),
            "a date and time such as \"2030-01-31T12:00:00Z\""),
        [typeof(DateOnly)] = static () => new(
            static text => DateOnly.TryParseExact(text, "O", Invariant, DateTimeStyles.None, out var value) ? value : null,
            static value => ((DateOnly)value).ToString("O", Invariant),
            "a date such as \"2030-01-31\""),
        [typeof(TimeOnly)] = static () => new(
            static text => TimeOnly.TryParseExact(text, ["HH:mm", "HH:mm:ss"], Invariant, DateTimeStyles.None, out var value) ? value : null,
            static value => ((TimeOnly)value) is { Second: 0 } whole ? whole.ToString("HH:mm", Invariant) : ((TimeOnly)value).ToString("HH:mm:ss", Invariant),
            "a time of day such as \"08:00\" or \"17:30\""),
        [typeof(IPAddress)] = static () => new(static text => IPAddress.TryParse(text, out var value) ? value : null, static value => value.ToString()!, "an IP address"),
        [typeof(IPNetwork)] = static () => new(static text => NetworkText.TryParse(text, out var value) ? value : null, static value => value.ToString()!, "a network such as \"10.0.0.0/8\" or \"2001:db8::/32\"")
        {
            Explain = NetworkText.Explain,
        },
    };

    private const string TimeSpanExpected = "a time span. Write it as \"hh:mm:ss\", days in front as in \"1.00:00:00\", or \"Infinite\"";

    public static bool TryGet(Type type, [NotNullWhen(true)] out ScalarFormat? format)
    {
        format = BuiltIn.TryGetValue(type, out var make) ? make() : null;
        return format is not null;
    }

    /// <summary>The format of an enum: its names, never its numbers.</summary>
    public static ScalarFormat OfEnum(Type type)
    {
        var names = Enum.GetNames(type);
        return new(
            text => names.FirstOrDefault(name => string.Equals(name, text, StringComparison.OrdinalIgnoreCase)) is { } name ? Enum.Parse(type, name) : null,
            static value => value.ToString()!,
            $"one of {string.Join(", ", names)}");
    }

    /// <summary>What is wrong with a text, in the words of a type that has its own. Default: what was <see cref="Expected"/>.</summary>
    public Func<string, string?>? Explain { get; init; }

    /// <summary>Reads a text.</summary>
    /// <returns>What is wrong with it, or <see langword="null"/>.</returns>
    public string? TryRead(string text, out object? value)
    {
        value = null;
        if (text.Length == 0 && !ReferenceEquals(this, Text))
        {
            return $"is empty, and must be {Expected}. Give it a value or remove the key.";
        }

        value = Parse(text);
        if (value is not null)
        {
            return null;
        }

        return ReferenceEquals(this, Span) && double.TryParse(text, NumberStyles.Float, Invariant, out var number)
            ? DescribeBareNumber(text, number)
            : Explain?.Invoke(text) ?? $"'{text}' is not {Expected}.";
    }

    // TimeSpan.Parse takes "100" for 100 days: the most expensive typing error of gateway configurations.
    private static string DescribeBareNumber(string text, double number)
    {
        var seconds = number is >= 0 and < 86_400 ? TimeSpan.FromSeconds(number) : TimeSpan.FromSeconds(30);
        var days = number is >= 1 and <= 36_500 && double.IsInteger(number) ? $", \"{TimeSpan.FromDays(number):c}\" {text} day{(number is 1 ? string.Empty : "s")}" : string.Empty;
        return $"'{text}' is a bare number, which names no unit. Write \"hh:mm:ss\": \"{seconds:c}\" is {seconds.TotalSeconds.ToString(Invariant)} seconds{days}.";
    }

    private static ScalarFormat Whole<T>()
        where T : struct, System.Numerics.IBinaryInteger<T>, System.Numerics.IMinMaxValue<T> =>
        new(
            static text => T.TryParse(text, NumberStyles.AllowLeadingSign, Invariant, out var value) ? value : null,
            static value => ((T)value).ToString(null, Invariant),
            string.Create(Invariant, $"a whole number from {T.MinValue} to {T.MaxValue}"),
            ScalarKind.Integer);

    private static ScalarFormat Number<T>(Func<string, object?> parse)
        where T : struct, IFormattable =>
        new(parse, static value => ((T)value).ToString("R", Invariant), "a number such as 0.5", ScalarKind.Number);

    private static TimeSpan? ParseTimeSpan(string text)
    {
        if (text.Equals("Infinite", StringComparison.OrdinalIgnoreCase))
        {
            return Timeout.InfiniteTimeSpan;
        }

        // The constant format also takes "1:00" for an hour: ask for the seconds, so that nobody has to know.
        return text.Count(static c => c == ':') == 2 && TimeSpan.TryParseExact(text, "c", Invariant, out var value) ? value : null;
    }

    private static string FormatTimeSpan(object value) => value is TimeSpan span && span == Timeout.InfiniteTimeSpan ? "Infinite" : ((TimeSpan)value).ToString("c", Invariant);

    private static Version? ParseVersion(string text) =>
        Version.TryParse(text.Contains('.', StringComparison.Ordinal) ? text : text + ".0", out var value) ? value : null;
}

/// <summary>How a scalar is written in JSON.</summary>
internal enum ScalarKind
{
    Text,
    Boolean,
    Integer,
    Number,
}
