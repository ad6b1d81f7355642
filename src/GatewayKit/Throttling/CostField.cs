using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Throttling;

/// <summary>Reads what a field of a request or an answer says about its cost.</summary>
internal static class CostField
{
    /// <summary>
    /// The largest whole number of the field, in as many lines or members of a line as there are, which mean the same (RFC 9110 §5.3): nobody makes anything cheaper by adding one. Digits
    /// beyond the largest number are the largest number.
    /// </summary>
    /// <param name="lines">Its lines.</param>
    /// <param name="unreadable">What a member counts that is no whole number. Default nothing.</param>
    /// <returns>The cost; <see langword="null"/> if the field says none.</returns>
    public static long? Largest(in StringValues lines, long? unreadable = null)
    {
        long? largest = null;
        foreach (var line in lines)
        {
            var members = line.AsSpan();
            foreach (var member in members.Split(','))
            {
                var cost = Read(members[member].Trim(" \t")) ?? unreadable;
                largest = largest > cost ? largest : cost ?? largest;
            }
        }

        return largest;
    }

    private static long? Read(ReadOnlySpan<char> digits) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var units) ? units
        : digits.Length > 0 && !digits.ContainsAnyExceptInRange('0', '9') ? long.MaxValue
        : null;
}
