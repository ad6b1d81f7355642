using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Rollout.Splits;

/// <summary>What an answer says of the side that gave it.</summary>
internal static class SideOutcome
{
    /// <returns>Whether it says anything: a client that went away or asked for nonsense does not.</returns>
    public static bool TryRead(object? result, out bool failed)
    {
        var status = (result as IStatusCodeHttpResult)?.StatusCode;
        failed = status >= StatusCodes.Status500InternalServerError;
        return result is not GatewayProblem || failed;
    }
}
