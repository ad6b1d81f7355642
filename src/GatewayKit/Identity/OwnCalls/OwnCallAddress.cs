using System.ComponentModel.DataAnnotations;
using System.Net;

namespace GatewayKit.Identity.OwnCalls;

/// <summary>Addresses that the gateway sends secrets to.</summary>
internal static class OwnCallAddress
{
    /// <summary>What is wrong with an address; <see langword="null"/> if nothing is.</summary>
    /// <param name="address">The address.</param>
    /// <param name="property">The property that has it.</param>
    /// <param name="example">One that is right.</param>
    /// <param name="allowHttp">Whether it may be <c>http</c> elsewhere than on the loopback.</param>
    public static ValidationResult? Check(Uri address, string property, string example, bool allowHttp) =>

        // Not what it is: there may be a password in it.
        !address.IsAbsoluteUri || address.Scheme is not ("http" or "https") || address.Fragment.Length > 0 || address.UserInfo.Length > 0
            ? new($"{property} must be an absolute address such as \"{example}\", without user and fragment.", [property])
        : address.Scheme is "http" && !allowHttp && !IsLoopback(address)
            ? new($"{property} is http, so that anyone on the way reads secrets and tokens. Write https; AllowHttp accepts the risk.", [property])
        : null;

    private static bool IsLoopback(Uri address) => address.Host is "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
}
