using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace GatewayKit.Cli;

/// <summary>Options whose values are not texts. What is wrong with a value is said in words, and what would be right.</summary>
internal static class Values
{
    private static readonly string[] TimeForms = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];
    private static readonly string[] SpanForms = ["%d", @"d\.hh\:mm\:ss"];

    /// <summary>A moment. Without an offset it is UTC, as the times of records are: what somebody asks for is not to depend on the machine.</summary>
    public static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = static result => DateTimeOffset.TryParseExact(Text(result), TimeForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : Refuse<DateTimeOffset?>(result, "no time. Write a day (2026-03-01) or a time (2026-03-01T12:00:00Z, 2026-03-01T13:00:00+01:00); without an offset it is UTC"),
    };

    /// <summary>A whole number within limits.</summary>
    public static Option<long> Number(string name, string description, long least, long most, long otherwise) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => otherwise,
        CustomParser = result => long.TryParse(Text(result), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : Refuse<long>(result, string.Create(CultureInfo.InvariantCulture, $"none of the numbers {least} to {most}")),
    };

    /// <summary>A number of days, or days and a time of the day.</summary>
    public static Option<TimeSpan?> Span(string name, string description, TimeSpan least, TimeSpan most) => new(name)
    {
        Description = description,
        CustomParser = result => TimeSpan.TryParseExact(Text(result), SpanForms, CultureInfo.InvariantCulture, out var span) && span >= least && span <= most
            ? span
            : Refuse<TimeSpan?>(result, string.Create(CultureInfo.InvariantCulture, $"no span from {least.Days} to {most.Days} days. Write days (400) or days.hours:minutes:seconds (400.12:00:00)")),
    };

    /// <summary>One of a few words.</summary>
    public static Option<string?> Word(string name, string description, string? otherwise, params IReadOnlyCollection<string> words) => new(name)
    {
        Description = $"{description} {string.Join(", ", words)}.",
        HelpName = "word",
        DefaultValueFactory = _ => otherwise,
        CustomParser = result => words.Contains(Text(result)) ? Text(result) : Refuse<string>(result, $"none of: {string.Join(", ", words)}"),
    };

    private static string Text(ArgumentResult result) => result.Tokens[^1].Value;

    private static T? Refuse<T>(ArgumentResult result, string what)
    {
        result.AddError($"{((OptionResult)result.Parent!).IdentifierToken?.Value}: '{Text(result)}' is {what}.");
        return default;
    }
}
