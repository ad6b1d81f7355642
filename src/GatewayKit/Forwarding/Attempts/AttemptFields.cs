using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>
/// What gateways tell each other about retries, so that of several in a row only the one next to a failure retries. Clients' copies are
/// stripped with all fields of the family, and what a client must not see is not sent to it.
/// </summary>
internal static class AttemptFields
{
    /// <summary>On a request: which attempt it is. Absent on a first one.</summary>
    public const string Attempt = "X-GW-Attempt";

    /// <summary>On an answer: it was retried as often as may be.</summary>
    public const string Exhausted = "X-GW-Retries-Exhausted";

    public static void Write(HttpRequestMessage message, int number)
    {
        message.Headers.Remove(Attempt);
        message.Headers.TryAddWithoutValidation(Attempt, number.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Whether the request says that it is a retry; what counts only if who says so is trusted.</summary>
    public static bool IsRetry(HttpRequest request) =>
        request.Headers.TryGetValue(Attempt, out var values) && values.Count == 1
        && int.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 1;

    /// <summary>Whether the destination, a gateway too, has given up retrying. It can only make the gateway do less, so it is believed.</summary>
    public static bool IsExhausted(HttpResponseMessage answer) => answer.Headers.NonValidated.Contains(Exhausted);

    /// <summary>Says so to a gateway in front, unless something else answers in the end.</summary>
    public static void MarkExhausted(HttpResponse response)
    {
        // A handler of the host may have begun to answer before it forwarded.
        if (!response.HasStarted)
        {
            response.OnStarting(Mark, response);
        }
    }

    private static Task Mark(object state)
    {
        var response = (HttpResponse)state;
        if (response.StatusCode >= StatusCodes.Status500InternalServerError)
        {
            response.Headers[Exhausted] = "1";
        }

        return Task.CompletedTask;
    }
}
