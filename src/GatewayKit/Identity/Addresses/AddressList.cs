using System.Globalization;
using System.Net;
using System.Text;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Addresses;

/// <summary>The content of a file of addresses: one network or address a line, <c>#</c> before comments. It holds all lines or none.</summary>
/// <param name="Networks">What the lines say.</param>
/// <param name="Errors">What is wrong, with the numbers of the lines.</param>
internal sealed record AddressList(IReadOnlyList<IPNetwork> Networks, IReadOnlyList<string> Errors)
{
    // Five million lines: what is longer is not a list of networks.
    public const long MaxBytes = 128 * 1_024 * 1_024;

    private const int MaxErrors = 10;

    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static AddressList Read(Stream stream)
    {
        if (stream.Length > MaxBytes)
        {
            return new([], [string.Create(CultureInfo.InvariantCulture, $"The file has {stream.Length} bytes, and may have {MaxBytes}.")]);
        }

        var (networks, errors, wrong, number) = (new List<IPNetwork>(), new List<string>(), 0, 0);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            number++;
            var comment = line.IndexOf('#', StringComparison.Ordinal);
            var text = (comment < 0 ? line : line[..comment]).Trim();
            if (text.Length == 0)
            {
                continue;
            }

            if (NetworkText.TryParse(text, out var network))
            {
                networks.Add(network);
            }
            else if (++wrong <= MaxErrors)
            {
                var shown = text.Length > 64 ? text[..64] + "…" : text;
                errors.Add(string.Create(CultureInfo.InvariantCulture, $"Line {number}: {NetworkText.Explain(text) ?? $"'{shown}' is not a network such as \"10.0.0.0/8\" or \"2001:db8::/32\", or an address."}"));
            }
        }

        if (wrong > MaxErrors)
        {
            errors.Add(string.Create(CultureInfo.InvariantCulture, $"{wrong - MaxErrors} more lines are wrong."));
        }

        return new(networks, errors);
    }
}
